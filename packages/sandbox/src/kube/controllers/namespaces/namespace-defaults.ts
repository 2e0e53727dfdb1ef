import type { StoreEvent } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import type { KubeObject } from '../../objects.ts'
import type { LocalClient } from '../../requests/types.ts'
import type { Resource } from '../../resource.ts'
import { Controller } from '../controller.ts'
import type { KubeControllerDeps } from '../deps.ts'
import { keyOf, parseKey } from '../types.ts'

const ACCOUNT = 'default'
const ROOT_CA = 'kube-root-ca.crt'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Keeps in every namespace what Kubernetes puts there: a service account and the authority to trust. */
export function namespaceDefaults(deps: KubeControllerDeps): Controller {
  const { namespaces, serviceAccounts, configMaps } = deps.types
  return new Controller(deps.store, deps.log, {
    name: 'namespace-defaults',
    triggers: [
      { resource: namespaces.storage },
      { resource: serviceAccounts.storage, keys: (event) => namespaceOf(event, ACCOUNT) },
      { resource: configMaps.storage, keys: (event) => namespaceOf(event, ROOT_CA) },
    ],
    reconcile: (key) => reconcile(deps, key),
  })
}

/** The key of the namespace of an object, when it is one of those that are kept. */
function namespaceOf({ type, entry: { key } }: StoreEvent, name: string): string[] {
  return key.name === name && type !== 'ADDED'
    ? [keyOf({ cluster: key.cluster, namespace: '', name: key.namespace })]
    : []
}

function reconcile({ types, client: clientOf, rootCa }: KubeControllerDeps, key: string): undefined {
  const { cluster, name } = parseKey(key)
  const client = clientOf(cluster)
  const namespace = client.get(types.namespaces, '', name)
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined
  if (client.get(types.serviceAccounts, name, ACCOUNT) === undefined) {
    const metadata = { name: ACCOUNT, namespace: name }
    create(client, types.serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  }
  if (rootCa !== undefined) keepRootCa(client, types.configMaps, name, rootCa)
  return undefined
}

function keepRootCa(client: LocalClient, configMaps: Resource, namespace: string, pem: string): void {
  const data = { 'ca.crt': pem }
  const kept = client.modify(configMaps, namespace, ROOT_CA, (object) => {
    object['data'] = data
  })
  if (kept !== undefined) return
  const metadata = { name: ROOT_CA, namespace, annotations: { 'kubernetes.io/description': DESCRIPTION } }
  create(client, configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
}

/** A namespace that began to go meanwhile takes nothing any more, which is as well. */
function create(client: LocalClient, resource: Resource, object: KubeObject): void {
  try {
    client.create(resource, object)
  } catch (error) {
    const going = error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Forbidden')
    if (!going) throw error
  }
}
