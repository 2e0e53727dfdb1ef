import type { JsonObject } from '../objects.ts'
import type { Resource, ResourceVersion } from '../resource.ts'
import { extraNames, subresourcesOf, verbsOf } from './entries.ts'
import type { Group } from './groups.ts'

/** Everything that is served, in one document of apidiscovery.k8s.io in `version`. */
export function aggregatedDiscovery(groups: readonly Group[], version: 'v2'): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(describe),
  }
}

function describe({ name, versions }: Group): JsonObject {
  return {
    metadata: name === '' ? {} : { name },
    versions: versions.map((version) => ({
      version: version.name,
      resources: version.resources.map((resource) => entryOf(resource, resource.versions.get(version.name)!)),
      freshness: 'Current',
    })),
  }
}

function entryOf(resource: Resource, version: ResourceVersion): JsonObject {
  const { group, kind, namespaced, singular } = resource
  const subresources = subresourcesOf(resource, version).map((own) => ({
    subresource: own.name,
    responseKind: { group: own.group, version: own.version, kind: own.kind },
    verbs: own.verbs,
  }))
  return {
    resource: resource.resource,
    responseKind: { group, version: version.name, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(resource),
    ...extraNames(resource),
    ...(subresources.length > 0 && { subresources }),
  }
}
