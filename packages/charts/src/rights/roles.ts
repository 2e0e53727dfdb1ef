import { BROKERED, type ClusterRole, type Right, ROLES, rightsOfServices } from './table.ts'

/** A rule of a ClusterRole. */
export type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }

/** In the order in which verbs are written. */
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']

/** A kind that is brokered. */
type Brokered = { group: string; resource: string }

/** What `service` may do in a cluster of this role, or with no service what all of them may together. */
export function rightsIn(role: ClusterRole, service?: string): Right[] {
  if (service !== undefined) return rightsOfServices[service]?.[role] ?? []
  return Object.values(rightsOfServices).flatMap((rights) => rights[role] ?? [])
}

/** The rules of these rights, one for each resource and its names, with `kinds` in the place of the example. */
export function rulesOf(rights: readonly Right[], kinds: readonly Brokered[] = [BROKERED]): Rule[] {
  const found = new Map<string, Rule>()
  for (const { group, resources, names, verbs } of rights.flatMap((right) => named(right, kinds)))
    for (const resource of resources) {
      const id = [group, resource, ...(names ?? [])].join('/')
      const before = found.get(id)?.verbs ?? []
      const all = VERBS.filter((verb) => before.includes(verb) || verbs.includes(verb))
      const rule = { apiGroups: [group], resources: [resource], ...(names && { resourceNames: names }), verbs: all }
      found.set(id, rule)
    }
  return [...found.values()]
}

function named(right: Right, kinds: readonly Brokered[]): Right[] {
  if (right.group !== BROKERED.group) return [right]
  const resources = (resource: string) => right.resources.map((each) => each.replace(BROKERED.resource, resource))
  return kinds.map(({ group, resource }) => ({ ...right, group, resources: resources(resource) }))
}

/** The services that have anything to do in a cluster of this role. */
export function servicesIn(role: ClusterRole): string[] {
  return Object.keys(rightsOfServices).filter((service) => rightsIn(role, service).length > 0)
}

/** The roles of clusters in which `service` has anything to do. */
export function rolesOf(service: string): ClusterRole[] {
  return ROLES.filter((role) => rightsIn(role, service).length > 0)
}
