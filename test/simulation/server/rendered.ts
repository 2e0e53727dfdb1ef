import type { ApiAnswer } from './api-server.ts'
import { isApplier } from './apply.ts'
import type { Entry, StoredObject } from './objects.ts'

/** As it stands in an answer. */
export function rendered({ object, managers }: Entry, metadataOnly: boolean): object {
  const appliers = [...managers.keys()].filter(isApplier)
  const managedFields = appliers.map((manager) => ({ manager, operation: 'Apply' }))
  const metadata = { ...object.metadata, ...(managedFields.length > 0 ? { managedFields } : {}) }
  if (!metadataOnly) return { ...object, metadata }
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
}

export function shown(status: number, entry: Entry, metadataOnly = false): ApiAnswer {
  return { status, body: rendered(entry, metadataOnly) }
}

export function withVersion({ object, ...entry }: Entry, resourceVersion: string): Entry {
  return { ...entry, object: { ...object, metadata: { ...object.metadata, resourceVersion } } }
}

/** Labels as `name` or `name=value`, and the field `metadata.name=value`: the selectors that the broker uses. */
export function isSelected({ metadata: { name, labels = {} } }: StoredObject, query: URLSearchParams): boolean {
  const field = query.get('fieldSelector')
  if (field && field !== `metadata.name=${name}`) return false
  const selector = query.get('labelSelector')
  if (selector === null || selector === '') return true
  return selector.split(',').every((term) => {
    const [name = '', value] = term.split('=')
    return value === undefined ? name in labels : labels[name] === value
  })
}
