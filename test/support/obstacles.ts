import type { KubeObject } from '@resource-broker/bus'
import { isForbidden, isInvalid, isNotFound, type ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import type { Landscape, Place } from './landscape.ts'

const POLICIES = { group: 'admissionregistration.k8s.io', version: 'v1', resource: 'validatingadmissionpolicies' }
const BINDINGS = { ...POLICIES, resource: 'validatingadmissionpolicybindings' }
const WEBHOOKS = { ...POLICIES, resource: 'validatingwebhookconfigurations' }
const CONFIGMAPS = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }

/** Writes of one resource that an API server is to refuse. `unless`: a CEL expression over `object` and `oldObject`. */
type Forbidden = {
  group: string
  version: string
  resource: string
  operations: ('CREATE' | 'UPDATE' | 'DELETE')[]
  unless: string
  message: string
}

let made = 0

/** Has an API server refuse such writes for good, in these words; resolves once it does, with what ends it. */
export async function forbid(at: Pick<Place, 'kube'>, forbidden: Forbidden): Promise<() => Promise<void>> {
  const name = `policy-${++made}.test.platform-mesh.io`
  const { group, version, resource, operations, unless, message } = forbidden
  const rule = (apiGroup: string, of: string) => ({
    ...{ apiGroups: [apiGroup], apiVersions: [version], resources: [of] },
    operations,
  })
  const probe = `object != null && object.kind == 'ConfigMap'`
  const expression = `!(${probe}) && (${unless})`
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          rule(group, resource),
          { ...{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }, operations: ['CREATE'] },
        ],
      },
      matchConditions: [{ name: 'probe', expression: `!(${probe}) || object.metadata.name == '${name}'` }],
      validations: [{ expression, message }],
    },
  }
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  }
  await at.kube.create(POLICIES, policy)
  await at.kube.create(BINDINGS, binding)
  await waitFor(`${message} is in force`, async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } }
    try {
      await at.kube.create(CONFIGMAPS, body)
    } catch (error) {
      return isInvalid(error) || isForbidden(error)
    }
    await at.kube.delete({ ...CONFIGMAPS, name })
    return false
  })
  return async () => {
    await at.kube.delete({ ...BINDINGS, name })
    await at.kube.delete({ ...POLICIES, name })
  }
}

/** What an API server answers to a write whose webhook cannot be reached. */
const UNREACHABLE = {
  ...{ status: 500, reason: 'InternalError' },
  message: 'Internal error occurred: failed calling webhook "gone.test.platform-mesh.io": connection refused',
}

/** Has an API server fail at each write of one object, as where a webhook of its owner cannot be reached; answers what ends it. */
export async function breakWrites(
  { injections }: Landscape,
  at: Place,
  { group, version, resource, name }: ObjectRef,
): Promise<() => Promise<void>> {
  if (injections !== undefined) {
    const { metadata } = await at.kube.get<KubeObject>({ group, version, resource, name, namespace: 'default' })
    const cluster = metadata.annotations?.['kcp.io/cluster']
    const end = injections.add(({ method, path }) => {
      const isIt = method === 'PATCH' && path.endsWith(`/${resource}/${name}`)
      const isHere = [cluster, at.path].some((each) => path.includes(`/clusters/${each}/`))
      return isIt && isHere ? UNREACHABLE : undefined
    })
    return async () => end()
  }
  const hook = 'gone.test.platform-mesh.io'
  await at.kube.create(WEBHOOKS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: hook },
    webhooks: [
      {
        ...{ name: hook, clientConfig: { url: 'https://127.0.0.1:9/x' }, failurePolicy: 'Fail' },
        ...{ sideEffects: 'None', admissionReviewVersions: ['v1'] },
        rules: [{ apiGroups: [group], apiVersions: [version], resources: [resource], operations: ['UPDATE'] }],
        matchConditions: [{ name: 'one', expression: `object.metadata.name == '${name}'` }],
      },
    ],
  })
  await waitFor('the webhook is called', async () => {
    const patch = { metadata: { labels: { probe: String(++made) } } }
    return await at.kube.mergePatch({ group, version, resource, name, namespace: 'default' }, patch).then(
      () => false,
      () => true,
    )
  })
  return async () => {
    await at.kube.delete({ ...WEBHOOKS, name: hook }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}
