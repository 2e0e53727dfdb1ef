import { randomBytes } from 'node:crypto'
import { parseOwnJson } from '../../kube/json.ts'
import type { Store } from '../../store/types.ts'
import { identityHash } from '../hashes.ts'
import { IDENTITY_NAMESPACE, ROOT_CLUSTER } from '../names.ts'
import { ROOT_EXPORTS } from './exports.ts'

const KEY_BYTES = 32

/** Keys of root's exports by name: those that its store holds, new ones for the rest. */
export function rootExportKeys(store: Store): Map<string, string> {
  return new Map(
    ROOT_EXPORTS.map(({ name }) => {
      const key = { resource: 'secrets', cluster: ROOT_CLUSTER, namespace: IDENTITY_NAMESPACE, name }
      const entry = store.get(key)
      const kept = entry && parseOwnJson<{ data?: { key?: string } }>(entry.bytes).data?.key
      return [name, kept ? Buffer.from(kept, 'base64').toString() : randomBytes(KEY_BYTES).toString('hex')]
    }),
  )
}

/** Identity hashes of keys. */
export function identitiesOf(keys: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...keys].map(([name, key]) => [name, identityHash(Buffer.from(key))]))
}
