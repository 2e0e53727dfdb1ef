import type { Resource } from '../resource.ts'
import { compareVersions } from './versions.ts'

/** A group with its served versions, the preferred one first, and the types in each. */
export type Group = { name: string; versions: { name: string; resources: Resource[] }[] }

/** Groups of Kubernetes itself come first, in the order of their priority there. */
const ORDER = [
  '',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'coordination.k8s.io',
]

/** Groups types by group and version, in the order of discovery. */
export function groupsOf(resources: readonly Resource[]): Group[] {
  const groups = new Map<string, Map<string, Resource[]>>()
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>()
    groups.set(resource.group, versions)
    for (const { name, served } of resource.versions.values()) {
      if (served) versions.set(name, [...(versions.get(name) ?? []), resource])
    }
  }
  return [...groups]
    .filter(([, versions]) => versions.size > 0)
    .sort(([a], [b]) => compareGroups(a, b))
    .map(([name, versions]) => ({ name, versions: sortedVersions(versions) }))
}

function sortedVersions(versions: ReadonlyMap<string, Resource[]>): Group['versions'] {
  return [...versions]
    .sort(([a], [b]) => compareVersions(a, b))
    .map(([name, members]) => ({ name, resources: members.sort((a, b) => (a.resource < b.resource ? -1 : 1)) }))
}

function compareGroups(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)]
  return left === right ? (a < b ? -1 : 1) : left - right
}

function rank(group: string): number {
  const index = ORDER.indexOf(group)
  return index < 0 ? ORDER.length : index
}
