import { createHash } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import { LRUCache } from 'lru-cache'
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type Group,
  groupsOf,
} from '../../discovery/mod.ts'
import type { JsonObject } from '../../objects.ts'
import {
  type DocumentedGroups,
  openApiV2,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
} from '../../openapi/mod.ts'
import type { Catalog, Resource } from '../../resource.ts'

/** A document as it is sent. */
export type Document = { bytes: Buffer; etag: string }

type Set = {
  generation: number
  groups: Group[]
  resources: readonly Resource[]
  made: Map<string, Document>
}

/** Logical clusters whose documents are kept. */
const KEPT = 64

/** The documents about what is served in each logical cluster, made when asked for and kept until something changes. */
export class Documents {
  private readonly catalog: Catalog
  private readonly documented: DocumentedGroups
  private readonly sets = new LRUCache<string, Set>({ max: KEPT })

  constructor(catalog: Catalog, documented: DocumentedGroups) {
    this.catalog = catalog
    this.documented = documented
  }

  /** `/api` or `/apis` in one document. */
  aggregated(cluster: string, prefix: 'api' | 'apis', version: 'v2'): Document {
    return this.make(cluster, `aggregated ${prefix} ${version}`, ({ groups }) => {
      const wanted = groups.filter(({ name }) => (name === '') === (prefix === 'api'))
      return json(aggregatedDiscovery(wanted, version))
    })!
  }

  /** What a discovery path answers; undefined where nothing is served. */
  discovery(cluster: string, path: string): Document | undefined {
    return this.make(cluster, path, ({ groups }) => {
      const value = discoveryAt(groups, path)
      return value && json(value)
    })
  }

  openApiV2(cluster: string, protobuf: boolean): Document {
    if (!protobuf) return this.make(cluster, 'v2', ({ resources }) => json(openApiV2(resources)))!
    return this.make(cluster, 'v2 protobuf', ({ resources }) => document(openApiV2Protobuf(openApiV2(resources))))!
  }

  openApiV3Index(cluster: string): Document {
    return this.make(cluster, 'v3', ({ resources }) => json(openApiV3Index(resources, this.documented)))!
  }

  /** `path` as the index has it, `apis/example.io/v1`. */
  openApiV3(cluster: string, path: string): Document | undefined {
    return this.make(cluster, `v3 ${path}`, ({ resources }) => {
      const value = openApiV3Document(path, resources, this.documented)
      return value && json(value)
    })
  }

  private make(cluster: string, key: string, build: (set: Set) => Document | undefined): Document | undefined {
    const set = this.setOf(cluster)
    const known = set.made.get(key)
    if (known !== undefined) return known
    // Of what there is not, clients may name as much as they like.
    const made = build(set)
    if (made !== undefined) set.made.set(key, made)
    return made
  }

  private setOf(cluster: string): Set {
    const generation = this.catalog.generation(cluster)
    const known = this.sets.get(cluster)
    if (known?.generation === generation) return known
    const resources = this.catalog.list(cluster)
    const set: Set = { generation, resources, groups: groupsOf(resources), made: new Map() }
    this.sets.set(cluster, set)
    return set
  }
}

function discoveryAt(groups: readonly Group[], path: string): JsonObject | undefined {
  const [prefix, first = '', second] = path.split('/').filter((segment) => segment !== '')
  const isCore = prefix === 'api'
  if (first === '') return isCore ? apiVersions() : apiGroupList(groups)
  const group = groups.find(({ name }) => name === (isCore ? '' : first))
  if (group === undefined) return undefined
  if (isCore) return apiResourceList(group, first)
  return second === undefined ? apiGroup(group) : apiResourceList(group, second)
}

function json(value: JsonObject): Document {
  return document(Buffer.from(stringifyJson(value)))
}

function document(bytes: Buffer): Document {
  return { bytes, etag: createHash('sha512').update(bytes).digest('hex').toUpperCase() }
}
