import { StatusError } from '../../errors.ts'
import type { KubeObject } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../requests/types.ts'
import { toCel, type Variables } from '../expressions.ts'
import { matchedVersion } from '../match-resources.ts'
import { isPolicy, namespaceOf, type SubjectOptions } from '../subject.ts'
import { variablesOf } from '../variables.ts'
import { type ParamSources, paramsOf } from './params.ts'
import type { Binding, CompiledPolicy, Denial } from './policy.ts'
import type { BoundPolicies } from './policy-index.ts'

/** `cluster` is the one that the policies are in. */
type Asked = { cluster: string; request: AdmissionRequest }

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 }
const INVALID = 422

export type ValidatingPoliciesOptions = ParamSources & SubjectOptions & { policies: BoundPolicies }

/** Enforces ValidatingAdmissionPolicies, as kube-apiserver's plugin of that name. */
export class ValidatingPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy'
  readonly #options: ValidatingPoliciesOptions

  constructor(options: ValidatingPoliciesOptions) {
    this.#options = options
  }

  validate(request: AdmissionRequest): void {
    if (isPolicy(request)) return
    const cluster = this.#options.sourceOf(request)
    const bound = this.#options.policies.bound(cluster)
    if (bound.length === 0) return
    const namespace = namespaceOf(this.#options.store, request)
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
}

function denial({ resource, name, object }: AdmissionRequest, { message, reason }: Denial): StatusError {
  const shown = name || object?.metadata.generateName || 'Unknown'
  const forbidden = StatusError.forbidden(resource, shown, message)
  const details = { ...forbidden.details, causes: [{ message }] }
  return new StatusError(CODES[reason] ?? INVALID, reason, forbidden.message, details as StatusError['details'])
}
