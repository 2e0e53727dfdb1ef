import { parseJson, stringifyJson } from '@resource-broker/json'
import type { Store } from '../../store/types.ts'
import { StatusError } from '../errors.ts'
import { parseOwnJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import { apiVersionOf, toApiVersion } from '../requests/object-reader.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../requests/types.ts'
import { toCel, type Variables } from './expressions.ts'
import { matchedVersion } from './match-resources.ts'
import { type ParamSources, paramsOf } from './params.ts'
import type { Binding, CompiledPolicy, Denial } from './policy.ts'
import type { BoundPolicies } from './policy-index.ts'

/** `cluster` is the one that the policies are in. */
type Asked = { cluster: string; request: AdmissionRequest }

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 }
const INVALID = 422
const OWN_GROUP = 'admissionregistration.k8s.io'

export type ValidatingPoliciesOptions = ParamSources & {
  policies: BoundPolicies
  /** Of namespaces. */
  store: Store
  /** The logical cluster whose policies a request is held to. */
  sourceOf: (request: AdmissionRequest) => string
}

/** Enforces ValidatingAdmissionPolicies, as kube-apiserver's plugin of that name. */
export class ValidatingPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy'
  readonly #options: ValidatingPoliciesOptions

  constructor(options: ValidatingPoliciesOptions) {
    this.#options = options
  }

  validate(request: AdmissionRequest): void {
    const { resource } = request
    // Else a policy could keep everybody from mending it.
    if (resource.group === OWN_GROUP && resource.resource.endsWith('policies')) return
    if (resource.group === OWN_GROUP && resource.resource.endsWith('policybindings')) return
    const cluster = this.#options.sourceOf(request)
    const bound = this.#options.policies.bound(cluster)
    if (bound.length === 0) return
    const namespace = this.#namespaceOf(request)
    const denied = bound.flatMap(({ policy, binding }) =>
      this.#denials(policy, binding, { cluster, request }, namespace),
    )
    const [first] = denied
    if (first !== undefined) throw denial(request, first)
  }

  /** Of the bindings that deny; those that warn do so. */
  #denials(policy: CompiledPolicy, binding: Binding, asked: Asked, namespace: KubeObject | undefined): Denial[] {
    const { request } = asked
    const version = matchedVersion(policy.policy.spec.matchConstraints, request, namespace)
    if (version === undefined) return []
    if (matchedVersion(binding.spec.matchResources, request, namespace) === undefined) return []
    const who = `ValidatingAdmissionPolicy '${policy.policy.metadata.name}' with binding '${binding.metadata.name}'`
    const given = variablesOf(request, version, namespace)
    const found = this.#evaluate(policy, binding, asked, given)
    const { validationActions } = binding.spec
    if (validationActions.includes('Warn')) {
      for (const { message } of found) request.warn(`Validation failed for ${who}: ${message}`)
    }
    if (!validationActions.includes('Deny')) return []
    return found.map(({ message, reason }) => ({ message: `${who} denied request: ${message}`, reason }))
  }

  #evaluate(policy: CompiledPolicy, binding: Binding, asked: Asked, given: Variables): Denial[] {
    const params = paramsOf(policy.policy, binding, asked, this.#options)
    if ('mistake' in params) {
      const message = `failed to configure binding: ${params.mistake}`
      return policy.policy.spec.failurePolicy === 'Ignore' ? [] : [{ message, reason: 'Invalid' }]
    }
    return params.objects.flatMap((each) => policy.denials({ ...given, params: toCel(each) }))
  }

  #namespaceOf({ cluster, resource, namespace }: AdmissionRequest): KubeObject | undefined {
    if (!resource.namespaced || namespace === '') return undefined
    const entry = this.#options.store.get({ resource: 'namespaces', cluster, namespace: '', name: namespace })
    return entry && parseOwnJson<KubeObject>(entry.bytes)
  }
}

function variablesOf(request: AdmissionRequest, version: string, namespace: KubeObject | undefined): Variables {
  const { resource, object, old } = request
  const wanted = apiVersionOf(resource.group, version)
  const seen = (each: KubeObject | undefined) => toCel(each && toApiVersion(resource, each, wanted))
  const shown = namespace && { ...namespace, metadata: { ...namespace.metadata, managedFields: undefined } }
  return {
    object: seen(object),
    oldObject: seen(old),
    request: toCel(requestOf(request, version)),
    namespaceObject: shown === undefined ? null : toCel(parseJson(stringifyJson(shown))),
    authorizer: null,
  }
}

/** An AdmissionRequest of admission.k8s.io/v1, as far as expressions see it. */
function requestOf(request: AdmissionRequest, version: string): object {
  const { resource, subresource, operation, user, name, namespace, dryRun } = request
  const { group, kind } = resource
  const { username, uid = '', groups, extra } = user
  const own = request.version
  return {
    kind: { group, version, kind },
    resource: { group, version, resource: resource.resource },
    subResource: subresource,
    requestKind: { group, version: own, kind },
    requestResource: { group, version: own, resource: resource.resource },
    requestSubResource: subresource,
    ...{ name, namespace, operation, dryRun },
    userInfo: { username, uid, groups: [...groups], extra: { ...extra } },
  }
}

function denial({ resource, name, object }: AdmissionRequest, { message, reason }: Denial): StatusError {
  const shown = name || object?.metadata.generateName || 'Unknown'
  const forbidden = StatusError.forbidden(resource, shown, message)
  const details = { ...forbidden.details, causes: [{ message }] }
  return new StatusError(CODES[reason] ?? INVALID, reason, forbidden.message, details as StatusError['details'])
}
