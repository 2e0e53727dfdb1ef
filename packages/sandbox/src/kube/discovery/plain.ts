import type { JsonObject } from '../objects.ts'
import type { Resource, ResourceVersion } from '../resource.ts'
import { extraNames, isStored, storageVersionHash, subresourcesOf, verbsOf } from './entries.ts'
import type { Group } from './groups.ts'

/** What `/api` answers. */
export function apiVersions(): JsonObject {
  const address = { clientCIDR: '0.0.0.0/0', serverAddress: '' }
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [address] }
}

/** What `/apis` answers. */
export function apiGroupList(groups: readonly Group[]): JsonObject {
  const named = groups.filter(({ name }) => name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(describe) }
}

/** What `/apis/<group>` answers. */
export function apiGroup(group: Group): JsonObject {
  return { kind: 'APIGroup', apiVersion: 'v1', ...describe(group) }
}

/** What `/api/v1` and `/apis/<group>/<version>` answer. */
export function apiResourceList(group: Group, version: string): JsonObject | undefined {
  const members = group.versions.find(({ name }) => name === version)?.resources
  if (members === undefined) return undefined
  const groupVersion = group.name === '' ? version : `${group.name}/${version}`
  return {
    kind: 'APIResourceList',
    // The legacy group is answered without, as ever since Kubernetes 1.1.
    ...(group.name !== '' && { apiVersion: 'v1' }),
    groupVersion,
    resources: members.flatMap((resource) => entriesOf(resource, resource.versions.get(version)!)),
  }
}

function describe({ name, versions }: Group): JsonObject {
  const list = versions.map((version) => ({ groupVersion: `${name}/${version.name}`, version: version.name }))
  return { name, versions: list, preferredVersion: list[0]! }
}

function entriesOf(resource: Resource, version: ResourceVersion): JsonObject[] {
  const { namespaced, kind, singular } = resource
  const main: JsonObject = {
    name: resource.resource,
    singularName: singular,
    namespaced,
    kind,
    verbs: verbsOf(resource),
    ...extraNames(resource),
    ...(isStored(resource) && { storageVersionHash: storageVersionHash(resource) }),
  }
  const below = subresourcesOf(resource, version).map((own) => ({
    name: `${resource.resource}/${own.name}`,
    singularName: '',
    namespaced,
    ...((own.group !== resource.group || own.version !== version.name) && { group: own.group, version: own.version }),
    kind: own.kind,
    // As Go writes a list that was never begun.
    verbs: own.verbs.length === 0 ? null : own.verbs,
  }))
  return [main, ...below]
}
