import type { KubeObject } from '../../objects.ts'
import type { LocalClient } from '../../requests/types.ts'
import type { Resource } from '../../resource.ts'
import { timestamp } from '../../timestamp.ts'
import { Controller } from '../controller.ts'
import type { KubeControllerDeps } from '../deps.ts'
import type { Remaining } from '../remaining.ts'
import { parseKey } from '../types.ts'
import { contentConditions } from './namespace-conditions.ts'

const FINALIZER = 'kubernetes'
/** Between looks at what keeps a namespace, in milliseconds. */
const CONTENT_LEFT = 250

type Namespace = KubeObject & { spec?: { finalizers?: string[] }; status?: { conditions?: object[] } }

/** Empties namespaces that are being deleted and lets them go. */
export function namespaceController(deps: KubeControllerDeps): Controller {
  return new Controller(deps.store, deps.log, {
    name: 'namespaces',
    triggers: [{ resource: deps.types.namespaces.storage }],
    reconcile: (key) => reconcile(deps, key),
  })
}

function reconcile(deps: KubeControllerDeps, key: string): number | undefined {
  const { cluster, name } = parseKey(key)
  const client = deps.client(cluster)
  const { namespaces } = deps.types
  const namespace = client.get(namespaces, '', name) as Namespace | undefined
  if (namespace?.metadata.deletionTimestamp === undefined) return undefined
  const { finalizers = [] } = namespace.spec ?? {}
  if (!finalizers.includes(FINALIZER)) return undefined
  const left = empty(deps, client, cluster, name)
  const now = deps.now()
  client.modify(namespaces, '', name, (object) => setConditions(object as Namespace, left, now), 'status')
  if (left.length > 0) return CONTENT_LEFT
  const done = client.get(namespaces, '', name) as Namespace | undefined
  if (done === undefined) return undefined
  done.spec = { ...done.spec, finalizers: finalizers.filter((each) => each !== FINALIZER) }
  client.update(namespaces, done, 'finalize')
  return undefined
}

/** Deletes all that is in a namespace; answers what is still there. */
function empty(deps: KubeControllerDeps, client: LocalClient, cluster: string, namespace: string): Remaining[] {
  const present = new Set(deps.store.resources(cluster))
  const types = deps.catalog.list(cluster).filter((type) => type.namespaced && present.has(type.storage))
  const once = new Map(types.map((type) => [type.storage, type] as const))
  return [...once.values()].flatMap((type) => clear(client, type, namespace))
}

function clear(client: LocalClient, resource: Resource, namespace: string): Remaining[] {
  for (const { metadata } of client.list(resource, namespace)) {
    if (metadata.deletionTimestamp !== undefined) continue
    client.delete(resource, namespace, metadata.name ?? '', { propagationPolicy: 'Background' })
  }
  const objects = client.list(resource, namespace)
  return objects.length === 0 ? [] : [{ resource, objects }]
}

function setConditions(namespace: Namespace, left: readonly Remaining[], now: Date): void {
  const time = timestamp(now)
  const old = (namespace.status?.conditions ?? []) as { type: string; status: string; lastTransitionTime: string }[]
  const conditions = contentConditions(left).map((condition) => {
    const before = old.find(({ type }) => type === condition.type)
    const since = before?.status === condition.status ? before.lastTransitionTime : time
    return { ...condition, lastTransitionTime: since }
  })
  namespace.status = { ...namespace.status, conditions }
}
