import { randomBytes, randomUUID } from 'node:crypto'
import { parseJson, stringifyJson } from '@resource-broker/json'
import type { KubeObject } from '../../kube/objects.ts'
import { timestamp } from '../../kube/timestamp.ts'
import type { ObjectKey, Store } from '../../store/mod.ts'
import { identityHash } from '../hashes.ts'
import { IDENTITY_NAMESPACE, ROOT_CLUSTER } from '../names.ts'
import { ROOT_EXPORTS } from './exports.ts'

/** Objects as they were in one store, and what in them is that sandbox's own: UIDs and identities. */
type Template = {
  objects: readonly { key: ObjectKey; text: string }[]
  uids: ReadonlySet<string>
  hashes: readonly string[]
}

/** A UID, or an identity hash. */
const OWN = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}/g
const KEY_BYTES = 32

let template: Template | undefined

/**
 * Remembers a root that was made, so that later sandboxes of this process begin with a copy: they start in milliseconds.
 * `identities` by name of the export.
 */
export function rememberRoot(store: Store, identities: ReadonlyMap<string, string>): void {
  if (template !== undefined) return
  const objects = [...clustersOf(store)].flatMap((cluster) =>
    [...store.resources(cluster)].flatMap((resource) =>
      store.list({ resource, cluster }).entries.map(({ key, bytes }) => ({ key, text: bytes.toString() })),
    ),
  )
  const uids = objects.map(({ text }) => (parseJson(text) as KubeObject).metadata.uid ?? '')
  template = { objects, uids: new Set(uids), hashes: [...identities.values()] }
}

/** Writes a copy of the remembered root, with UIDs and identities of its own; false when there is none. `store` is empty. */
export function copyRoot(store: Store, now: Date): boolean {
  if (template === undefined) return false
  const keys = template.hashes.map(() => randomBytes(KEY_BYTES).toString('hex'))
  const own = new Map(template.hashes.map((hash, index) => [hash, identityHash(Buffer.from(keys[index]!))]))
  for (const uid of template.uids) own.set(uid, randomUUID())
  const replace = (text: string) => text.replaceAll(OWN, (found) => own.get(found) ?? found)
  const creationTimestamp = timestamp(now)
  for (const { key, text } of template.objects) {
    const object = parseJson(replace(text)) as KubeObject
    object.metadata.creationTimestamp = creationTimestamp
    const index = isIdentity(key) ? ROOT_EXPORTS.findIndex(({ name }) => name === key.name) : -1
    if (index >= 0) object['data'] = { key: Buffer.from(keys[index]!).toString('base64') }
    store.create({ ...key, resource: replace(key.resource), name: replace(key.name) }, (revision) => {
      object.metadata.resourceVersion = String(revision)
      return Buffer.from(stringifyJson(object))
    })
  }
  return true
}

function isIdentity({ resource, cluster, namespace }: ObjectKey): boolean {
  return resource === 'secrets' && cluster === ROOT_CLUSTER && namespace === IDENTITY_NAMESPACE
}

/** All logical clusters that hold something of a type which root has too. */
function clustersOf(store: Store): Set<string> {
  const clusters = new Set([ROOT_CLUSTER])
  for (const cluster of clusters) {
    for (const resource of store.resources(cluster)) for (const other of store.clusters(resource)) clusters.add(other)
  }
  return clusters
}
