import { parseJson, stringifyJson } from '@resource-broker/json'
import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import { deepEqual } from '../../kube/json.ts'
import type { JsonObject, KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { labelSelectorMatches } from '../../kube/selectors/mod.ts'
import { markFalse, markTrue, summarize } from '../conditions.ts'
import { TOPOLOGY } from '../names.ts'
import type { ShardServices } from '../services.ts'
import { boundStorage } from '../storage.ts'

type Selector = { matchLabels?: Record<string, string>; matchExpressions?: JsonObject[] }
type SetSpec = { dimensions?: string[]; shardSelector?: Selector }
type Wanted = { values: readonly string[]; selector: Selector }
type Types = { sets: Resource; partitions: Resource }

const VALID = 'PartitionSetValid'
const PARTITIONS_READY = 'PartitionsReady'
const MAX_PREFIX = 57

/** Keeps one Partition per combination of label values that the shards of a PartitionSet have (contract 4.10). */
export function partitionSetController(services: ShardServices): { controller: Controller; stop: () => void } {
  const identity = services.identities.get(TOPOLOGY)!
  const storage = boundStorage(TOPOLOGY, 'partitionsets', identity)
  const controller = new Controller(services.store, services.log, {
    name: 'partitionsets',
    triggers: [
      { resource: storage },
      { resource: boundStorage(TOPOLOGY, 'partitions', identity), keys: ({ entry }) => ownersOf(entry) },
    ],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const sets = services.catalog().find(cluster, TOPOLOGY, 'partitionsets', identity)
      const partitions = services.catalog().find(cluster, TOPOLOGY, 'partitions', identity)
      if (sets === undefined || partitions === undefined) return undefined
      reconcile(services, services.clientIn(cluster), { sets, partitions }, name)
      return undefined
    },
  })
  const stop = services.cache.watch('shards.core.kcp.io', () => {
    for (const { key } of services.store.list({ resource: storage }).entries) controller.enqueue(keyOf(key))
  })
  return { controller, stop }
}

/** What a PartitionSet asks for, given the labels of the shards; in the order of the values. */
export function partitionsOf(spec: SetSpec, shards: readonly (Record<string, string> | undefined)[]): Wanted[] {
  const { dimensions = [], shardSelector = {} } = spec
  const { matchLabels, matchExpressions } = shardSelector
  const found = new Map<string, Wanted>()
  for (const labels of shards) {
    if (!labelSelectorMatches(shardSelector as JsonObject, labels)) continue
    const values = dimensions.map((dimension) => labels?.[dimension])
    if (values.some((value) => value === undefined)) continue
    const own = Object.fromEntries(dimensions.map((dimension, index) => [dimension, values[index]!]))
    const selector = {
      matchLabels: { ...matchLabels, ...own },
      ...(matchExpressions !== undefined && { matchExpressions }),
    }
    found.set(stringifyJson(values), { values: values as string[], selector })
  }
  return [...found.keys()].sort().map((key) => found.get(key)!)
}

function reconcile(services: ShardServices, client: LocalClient, types: Types, name: string): void {
  const set = client.get(types.sets, '', name)
  if (set === undefined || set.metadata.deletionTimestamp !== undefined) return
  const labels = services.cache.list('shards.core.kcp.io').map(({ object }) => object.metadata.labels)
  const wanted = partitionsIn(set, labels)
  if (typeof wanted === 'string') {
    client.modify(types.sets, '', name, (object) => reportInvalid(object, wanted, services.now()), 'status')
    return
  }
  const own = client.list(types.partitions).filter(({ metadata }) => isOwnedBy(metadata.ownerReferences, set))
  for (const partition of own) {
    if (wanted.some(({ selector }) => hasSelector(partition, selector))) continue
    client.delete(types.partitions, '', partition.metadata.name ?? '')
  }
  for (const each of wanted) {
    if (own.some((partition) => hasSelector(partition, each.selector))) continue
    client.create(types.partitions, partitionOf(set, each))
  }
  const report = (object: KubeObject) => {
    object['status'] = { ...(object['status'] as object | undefined), count: wanted.length }
    markTrue(object, VALID, services.now())
    markTrue(object, PARTITIONS_READY, services.now())
    summarize(object, [VALID, PARTITIONS_READY], services.now())
  }
  client.modify(types.sets, '', name, report, 'status')
}

/** What the set asks for, or why its selector is none: a set that was there before selectors were checked. */
function partitionsIn(set: KubeObject, labels: readonly (Record<string, string> | undefined)[]): Wanted[] | string {
  try {
    return partitionsOf((set['spec'] ?? {}) as SetSpec, labels)
  } catch (error) {
    if (error instanceof StatusError) return error.message
    throw error
  }
}

function reportInvalid(set: KubeObject, message: string, now: Date): void {
  markFalse(set, VALID, { severity: 'Error', reason: 'InvalidSelector', message }, now)
  markFalse(set, PARTITIONS_READY, { severity: 'Error', reason: 'ErrorGeneratingPartitions', message: '' }, now)
  summarize(set, [VALID, PARTITIONS_READY], now)
}

function partitionOf(set: KubeObject, { values, selector }: Wanted): KubeObject {
  const { name = '', uid = '' } = set.metadata
  const owner = { apiVersion: set.apiVersion, kind: set.kind, name, uid, controller: true, blockOwnerDeletion: true }
  // Values of labels may hold what names may not.
  const prefix = [name, ...values]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_PREFIX)
  return {
    apiVersion: set.apiVersion,
    kind: 'Partition',
    metadata: { generateName: `${prefix}-`, ownerReferences: [owner] },
    spec: { selector },
  }
}

function isOwnedBy(owners: KubeObject['metadata']['ownerReferences'], { metadata }: KubeObject): boolean {
  return owners?.some(({ uid }) => uid === metadata.uid) === true
}

function hasSelector(partition: KubeObject, selector: Selector): boolean {
  return deepEqual((partition['spec'] as { selector?: Selector } | undefined)?.selector, selector)
}

/** Keys of the sets that made a partition. */
function* ownersOf({ key, bytes }: { key: { cluster: string }; bytes: Buffer }): Iterable<string> {
  const { metadata } = parseJson(bytes.toString()) as KubeObject
  for (const { kind, name } of metadata.ownerReferences ?? []) {
    if (kind === 'PartitionSet') yield keyOf({ cluster: key.cluster, namespace: '', name })
  }
}
