import type { Resource } from '../resource.ts'

/** Types of the core group that quotas also count by their bare name. */
const BARE = ['configmaps', 'resourcequotas', 'secrets']
/** No quota counts them, as they are made by the system. */
const IGNORED = ['events.', 'events.events.k8s.io']

/** The names by which a quota limits how many objects of a type there are; none for what no quota counts. */
export function countedNames({
  group,
  resource,
  namespaced,
}: Pick<Resource, 'group' | 'resource' | 'namespaced'>): readonly string[] {
  if (!namespaced || IGNORED.includes(`${resource}.${group}`)) return []
  const name = `count/${resource}${group === '' ? '' : `.${group}`}`
  return group === '' && BARE.includes(resource) ? [resource, name] : [name]
}
