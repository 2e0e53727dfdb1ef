import { parseOwnJson } from '../../kube/json.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Entry, StoreEvent } from '../../store/mod.ts'
import type { SandboxChange } from '../../types.ts'

/** What a store tells of a change, in the words of those who look on from outside. */
export function changeOf(shard: string, { type, entry, previous }: StoreEvent): SandboxChange {
  const { cluster, resource: storage } = entry.key
  // <resource>.<group>, without a group for the core one, and :<identity> where it is bound from an export.
  const [, resource = storage, group = ''] = /^([^.:]+)(?:\.([^:]+))?/.exec(storage) ?? []
  return {
    ...{ shard, cluster, group, resource },
    get object() {
      return type === 'DELETED' ? undefined : objectOf(entry)
    },
    get previous() {
      return objectOf(previous)
    },
  }
}

function objectOf(entry: Entry | undefined): KubeObject | undefined {
  return entry && parseOwnJson<KubeObject>(entry.bytes)
}
