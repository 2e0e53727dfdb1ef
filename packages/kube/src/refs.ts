/** A collection that an API server serves: `resource` in the plural, group `''` for core. */
export type ResourceRef = { group: string; version: string; resource: string }
/** One object, or with `name` left out the collection that it is in; no `namespace` means all, or cluster-scoped. */
export type CollectionRef = ResourceRef & { namespace?: string | undefined }
export type ObjectRef = CollectionRef & { name: string }

export type Query = Record<string, string | undefined>

/** Path of what an API group's version serves: `/api/v1` for core, else `/apis/<group>/<version>`. */
export function groupPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

/** Path of an object or collection with its query; values that are undefined or empty are left out. */
export function pathOf(ref: CollectionRef & { name?: string }, query: Query = {}, subresource?: string): string {
  let path = groupPath(ref)
  if (ref.namespace !== undefined) path += `/namespaces/${encodeURIComponent(ref.namespace)}`
  path += `/${ref.resource}`
  if (ref.name !== undefined) path += `/${encodeURIComponent(ref.name)}`
  if (subresource !== undefined) path += `/${subresource}`
  let mark = '?'
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    path += `${mark}${key}=${encodeURIComponent(value)}`
    mark = '&'
  }
  return path
}
