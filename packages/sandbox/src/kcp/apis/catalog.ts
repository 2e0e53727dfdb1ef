import { StatusError } from '../../kube/errors.ts'
import type { Catalog, Resource } from '../../kube/resource.ts'
import { WILDCARD } from '../names.ts'
import type { ShardServices } from '../services.ts'
import type { BoundTypes } from './bound-types.ts'
import { apisTypes } from './system-types/mod.ts'

/** What is served in the logical clusters of a shard: system types before bound ones before CustomResourceDefinitions (contract 5.5). */
export function catalogOf({ builtIns, systemTypes, localCrds }: ShardServices, bound: BoundTypes): Catalog {
  const everywhere = [...builtIns, ...systemTypes, ...apisTypes]
  const byName = new Map(everywhere.map((each) => [nameOf(each), each]))
  const boundIn = (cluster: string): readonly Resource[] =>
    cluster === WILDCARD ? bound.all : [...bound.in(cluster)].flatMap(({ resources }) => resources)
  return {
    list(cluster) {
      const before = [...everywhere, ...boundIn(cluster)]
      const taken = new Set(before.map(nameOf))
      return [...before, ...localCrds.list(cluster).filter((each) => !taken.has(nameOf(each)))]
    },
    find(cluster, group, resource, identity) {
      if (identity !== undefined) return boundIn(cluster).find((each) => isNamed(each, group, resource, identity))
      const known = byName.get(`${resource}.${group}`)
      // Which of the types of one name would be meant? (contract 1.11)
      if (known !== undefined || cluster === WILDCARD) return known
      const found = bound.find(cluster, group, resource)?.resource
      if (found === undefined && bound.isMissing(cluster, group, resource)) {
        throw StatusError.unavailable(`${resource}.${group} is currently unavailable`)
      }
      return found ?? localCrds.find(cluster, group, resource)
    },
    // The later change of the two; no two changes have one number.
    generation: (cluster) => Math.max(bound.generation(cluster), localCrds.generation(cluster)),
  }
}

function nameOf({ group, resource }: Resource): string {
  return `${resource}.${group}`
}

function isNamed(each: Resource, group: string, resource: string, identity: string): boolean {
  return each.group === group && each.resource === resource && each.identity === identity
}
