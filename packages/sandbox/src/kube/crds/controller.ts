import type { Store, StoreEvent } from '../../store/types.ts'
import type { ControllerLog } from '../controller-log.ts'
import { Controller } from '../controllers/controller.ts'
import { keyOf, parseKey } from '../controllers/types.ts'
import type { KubeObject } from '../objects.ts'
import type { LocalClient } from '../requests/types.ts'
import type { Resource } from '../resource.ts'
import { timestamp } from '../timestamp.ts'
import { CRD_STORAGE, type Crd, type CrdCondition, isTrue, setCondition } from './definition.ts'
import type { LocalCrds } from './local-crds.ts'
import { acceptNames } from './naming.ts'
import { resourceFromCrd } from './resource-from-crd.ts'

const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'
/** Between looks at whether the finalizers of instances are gone, in milliseconds. */
const INSTANCES_LEFT = 250

export type CrdControllerDeps = {
  store: Store
  log: ControllerLog
  crds: LocalCrds
  /** The type of CustomResourceDefinitions themselves. */
  definitions: Resource
  client: (cluster: string) => LocalClient
  now: () => Date
}

/** Names and establishes new definitions, and clears away the instances of deleted ones. */
export function crdController(deps: CrdControllerDeps): Controller {
  const keys = (event: StoreEvent) => keysOf(deps.crds, event)
  const reconcile = (key: string) => reconcileCrd(deps, key)
  return new Controller(deps.store, deps.log, { name: 'crds', triggers: [{ resource: CRD_STORAGE, keys }], reconcile })
}

/** A definition that goes or is renamed may free a name that another one of its group waits for. */
function keysOf(crds: LocalCrds, { type, entry }: StoreEvent): string[] {
  const waiting = crds
    .definitions(entry.key.cluster)
    .filter((crd) => !isTrue(crd, 'NamesAccepted'))
    .map(({ metadata }) => keyOf({ ...entry.key, name: metadata.name ?? '' }))
  return type === 'DELETED' ? waiting : [keyOf(entry.key), ...waiting]
}

function reconcileCrd(deps: CrdControllerDeps, key: string): number | undefined {
  const { cluster, name } = parseKey(key)
  const client = deps.client(cluster)
  const crd = client.get(deps.definitions, '', name) as Crd | undefined
  if (crd === undefined) return undefined
  if (crd.metadata.deletionTimestamp !== undefined) {
    return crd.metadata.finalizers?.includes(CLEANUP) ? clearAway(deps, client, crd) : undefined
  }
  const others = deps.crds
    .definitions(cluster)
    .filter(({ metadata, spec }) => metadata.name !== name && spec.group === crd.spec.group)
  changeStatus(deps, client, name, (next) => acceptNames(next, others, timestamp(deps.now())))
  return undefined
}

/** Deletes all instances and, when none is left, lets the definition go. */
function clearAway(deps: CrdControllerDeps, client: LocalClient, crd: Crd): number | undefined {
  const { name = '' } = crd.metadata
  if (isTrue(crd, 'Established')) {
    const resource = resourceFromCrd(crd)
    const instances = listInstances(deps, client, resource, name)
    terminating(deps, client, name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress')
    for (const { metadata } of instances) {
      if (metadata.deletionTimestamp === undefined)
        client.delete(resource, metadata.namespace ?? '', metadata.name ?? '')
    }
    if (client.list(resource).length > 0) return INSTANCES_LEFT
    terminating(deps, client, name, 'False', 'InstanceDeletionCompleted', 'removed all instances')
  } else terminating(deps, client, name, 'False', 'NeverEstablished', 'resource was never established')
  client.modify(deps.definitions, '', name, ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== CLEANUP)
  })
  return undefined
}

/** Throws what the list throws, once the definition tells about it. */
function listInstances(deps: CrdControllerDeps, client: LocalClient, resource: Resource, name: string): KubeObject[] {
  try {
    return client.list(resource)
  } catch (error) {
    const { message } = error as Error
    terminating(deps, client, name, 'Unknown', 'InstanceDeletionFailed', `could not list instances: ${message}`)
    throw error
  }
}

function terminating(
  deps: CrdControllerDeps,
  client: LocalClient,
  name: string,
  status: CrdCondition['status'],
  reason: string,
  message: string,
): void {
  const now = timestamp(deps.now())
  changeStatus(deps, client, name, (crd) => setCondition(crd, { type: 'Terminating', status, reason, message }, now))
}

function changeStatus(deps: CrdControllerDeps, client: LocalClient, name: string, change: (crd: Crd) => void): void {
  client.modify(deps.definitions, '', name, (object) => change(object as Crd), 'status')
}
