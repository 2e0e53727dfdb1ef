import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import type { KubeObject, OwnerReference } from '../../objects.ts'
import type { DeleteOptions, LocalClient } from '../../requests/types.ts'
import type { Resource } from '../../resource.ts'
import { timestamp } from '../../timestamp.ts'
import { Controller } from '../controller.ts'
import type { KubeControllerDeps } from '../deps.ts'
import { type NodeKey, Ownership, parseNodeKey } from './ownership.ts'

/** Until an owner of an unknown kind is looked for again, in milliseconds. */
const UNKNOWN_KIND = 30_000
const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'
const COMPONENT = 'garbage-collector-controller'

type Node = { client: LocalClient; resource: Resource; object: KubeObject; cluster: string }
type Owners = { solid: OwnerReference[]; dangling: OwnerReference[]; waiting: OwnerReference[]; unknown: boolean }

/**
 * Deletes objects whose owners are gone, and lets owners go whose deletion waits for their dependents. Owners and dependents
 * are in one logical cluster, and in one namespace unless the owner has none.
 */
export function garbageCollector(deps: KubeControllerDeps): Controller {
  const collector = new GarbageCollector(deps)
  return new Controller(deps.store, deps.log, {
    name: 'garbage-collector',
    triggers: [{ resource: '*', keys: (event) => collector.ownership.learn(event) }],
    reconcile: (key) => collector.reconcile(key),
  })
}

class GarbageCollector {
  readonly ownership = new Ownership()
  private readonly deps: KubeControllerDeps

  constructor(deps: KubeControllerDeps) {
    this.deps = deps
  }

  reconcile(key: NodeKey): number | undefined {
    const node = this.read(key)
    if (node === undefined) return undefined
    const { deletionTimestamp, finalizers = [] } = node.object.metadata
    if (deletionTimestamp !== undefined && finalizers.includes(ORPHAN)) return this.orphan(node)
    if (deletionTimestamp !== undefined && finalizers.includes(FOREGROUND)) return this.finishForeground(node)
    return deletionTimestamp === undefined ? this.collect(node) : undefined
  }

  private read(key: NodeKey): Node | undefined {
    const { cluster, storage, namespace, name } = parseNodeKey(key)
    const resource = this.deps.catalog.list(cluster).find((each) => each.storage === storage)
    if (resource === undefined) return undefined
    const client = this.deps.client(cluster)
    const object = client.get(resource, namespace, name)
    return object && { client, resource, object, cluster }
  }

  /** Deletes a dependent without owners; of several owners, those that are gone are forgotten. */
  private collect(node: Node): number | undefined {
    const owners = this.sort(node)
    const { solid, dangling, waiting, unknown } = owners
    if (solid.length + dangling.length + waiting.length === 0) return unknown ? UNKNOWN_KIND : undefined
    const lost = [...dangling, ...waiting].map(({ uid }) => uid)
    if (solid.length > 0 || unknown) {
      if (lost.length > 0) dropOwners(node, lost)
      return unknown ? UNKNOWN_KIND : undefined
    }
    const hasOwn = this.dependents(node).length > 0
    if (waiting.length > 0 && hasOwn) {
      this.unblockCircles(node)
      remove(node, 'Foreground')
    } else remove(node, ownPolicy(node.object))
    return undefined
  }

  /** Two objects that own each other would wait for each other. */
  private unblockCircles(node: Node): void {
    for (const dependent of this.dependents(node)) {
      const { metadata } = dependent.object
      if (metadata.deletionTimestamp === undefined || metadata.finalizers?.includes(FOREGROUND) !== true) continue
      change(node, (object) => {
        for (const reference of object.metadata.ownerReferences ?? []) reference.blockOwnerDeletion = false
      })
      return
    }
  }

  private finishForeground(node: Node): undefined {
    const { uid } = node.object.metadata
    const dependents = this.dependents(node)
    const blocking = dependents.filter(({ object }) =>
      object.metadata.ownerReferences?.some(
        (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
      ),
    )
    if (blocking.length === 0) dropFinalizer(node, FOREGROUND)
    return undefined
  }

  private orphan(node: Node): undefined {
    const { uid = '' } = node.object.metadata
    for (const dependent of this.dependents(node)) dropOwners(dependent, [uid])
    dropFinalizer(node, ORPHAN)
    return undefined
  }

  private dependents({ cluster, object }: Node): Node[] {
    const keys = this.ownership.dependentsOf(cluster, object.metadata.uid ?? '')
    return [...keys].flatMap((key) => this.read(key) ?? [])
  }

  private sort(node: Node): Owners {
    const owners: Owners = { solid: [], dangling: [], waiting: [], unknown: false }
    for (const reference of node.object.metadata.ownerReferences ?? []) {
      const state = this.stateOf(node, reference)
      if (state === 'unknown') owners.unknown = true
      else owners[state].push(reference)
    }
    return owners
  }

  /** Tells the user why an object goes whose owner is there, in the words of Kubernetes. */
  private report({ client, object }: Node, { apiVersion, kind, name, uid }: OwnerReference): void {
    const { namespace = '' } = object.metadata
    const time = timestamp(this.deps.now())
    const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`
    tolerant(() =>
      client.create(this.deps.types.events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { generateName: `${object.metadata.name}.`, namespace },
        involvedObject: {
          ...{ apiVersion: object.apiVersion, kind: object.kind, namespace },
          ...{ name: object.metadata.name ?? '', uid: object.metadata.uid ?? '' },
        },
        type: 'Warning',
        reason: 'OwnerRefInvalidNamespace',
        message: `ownerRef ${owner} does not exist in namespace ${stringifyJson(namespace)}`,
        source: { component: COMPONENT },
        ...{ firstTimestamp: time, lastTimestamp: time, count: 1 },
      }),
    )
  }

  private stateOf(node: Node, reference: OwnerReference): 'solid' | 'dangling' | 'waiting' | 'unknown' {
    if (this.ownership.isAbsent(node.cluster, reference.uid)) return 'dangling'
    const group = reference.apiVersion.includes('/') ? reference.apiVersion.split('/')[0] : ''
    const resource = this.deps.catalog
      .list(node.cluster)
      .find((each) => each.group === group && each.kind === reference.kind)
    if (resource === undefined) return 'unknown'
    // An owner with a namespace cannot be found from outside of one; such dependents are left alone.
    if (resource.namespaced && !node.resource.namespaced) return 'solid'
    const owner = node.client.get(resource, node.object.metadata.namespace ?? '', reference.name)
    if (owner === undefined || owner.metadata.uid !== reference.uid) {
      if (resource.namespaced && isElsewhere(node, resource, reference)) this.report(node, reference)
      return 'dangling'
    }
    const { deletionTimestamp, finalizers = [] } = owner.metadata
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'solid'
  }
}

/** Whether an owner is in another namespace, where no dependent of it can be. */
function isElsewhere({ client, object }: Node, resource: Resource, { name, uid }: OwnerReference): boolean {
  return client
    .list(resource)
    .some(
      ({ metadata }) =>
        metadata.uid === uid && metadata.name === name && metadata.namespace !== object.metadata.namespace,
    )
}

function ownPolicy({ metadata: { finalizers = [] } }: KubeObject): DeleteOptions['propagationPolicy'] {
  if (finalizers.includes(ORPHAN)) return 'Orphan'
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
}

function remove({ client, resource, object }: Node, propagationPolicy: DeleteOptions['propagationPolicy']): void {
  const { namespace = '', name = '', uid } = object.metadata
  const preconditions = uid === undefined ? {} : { preconditions: { uid } }
  tolerant(() => client.delete(resource, namespace, name, { propagationPolicy, ...preconditions } as DeleteOptions))
}

function dropOwners(node: Node, uids: readonly string[]): void {
  change(node, ({ metadata }) => {
    const kept = (metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid))
    if (kept.length > 0) metadata.ownerReferences = kept
    else delete metadata.ownerReferences
  })
}

function dropFinalizer(node: Node, finalizer: string): void {
  change(node, ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer)
  })
}

function change({ client, resource, object }: Node, how: (object: KubeObject) => void): void {
  const { namespace = '', name = '' } = object.metadata
  tolerant(() => client.modify(resource, namespace, name, how))
}

/** What is gone or was made anew meanwhile needs nothing more. */
function tolerant(action: () => void): void {
  try {
    action()
  } catch (error) {
    const settled = error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict')
    if (!settled) throw error
  }
}
