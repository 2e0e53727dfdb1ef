import { isDeepStrictEqual } from 'node:util'
import type { Place, StoredObject } from './objects.ts'

/** Resources whose status is written together with the rest. */
export const WITHOUT_STATUS = new Set([
  'migrationusages.coord.broker.platform-mesh.io',
  'offerusages.coord.broker.platform-mesh.io',
  'quotausages.coord.broker.platform-mesh.io',
  'assignments.coord.broker.platform-mesh.io',
  'secrets',
  'configmaps',
  'namespaces',
  'events',
])
/** What is a change of metadata alone does not count as a generation. */
const UNCOUNTED = ['metadata', 'apiVersion', 'kind']

/** Whether a write changes nothing. */
export function isSame(a: StoredObject, b: StoredObject): boolean {
  const bare = ({ metadata, ...content }: StoredObject) => ({
    ...content,
    metadata: { ...metadata, resourceVersion: '' },
  })
  return isDeepStrictEqual(bare(a), bare(b))
}

/** What a generation counts the changes of. */
export function counted(object: StoredObject, { resource }: Place): unknown {
  const omitted = WITHOUT_STATUS.has(resource) ? UNCOUNTED : [...UNCOUNTED, 'status']
  return Object.fromEntries(Object.entries(object).filter(([name]) => !omitted.includes(name)))
}

/** Metadata has no empty maps and lists. */
export function withoutEmpty({ metadata, ...content }: StoredObject): StoredObject {
  const isFilled = ([, value]: [string, unknown]) =>
    typeof value !== 'object' || value === null || Object.keys(value).length > 0
  return { ...content, metadata: Object.fromEntries(Object.entries(metadata).filter(isFilled)) } as StoredObject
}

export function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(object)) as Record<string, unknown>
}

/** With what a kcp puts on each object. */
export function annotated({ metadata, ...content }: StoredObject, annotations: Record<string, string>): StoredObject {
  return {
    ...content,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
  } as StoredObject
}
