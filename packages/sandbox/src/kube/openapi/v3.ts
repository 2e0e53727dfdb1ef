import { createHash } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import type { JsonObject } from '../objects.ts'
import type { Resource } from '../resource.ts'
import { componentsOf } from './components.ts'
import { type DocumentedGroups, discoveryDocument, discoveryDocuments } from './discovery.ts'
import { pathsOf } from './operations.ts'

const INFO = { title: 'Kubernetes', version: '1.34' }
const CUSTOM_INFO = { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }
const BEARER_TOKEN = { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' }
const SECURITY = { securitySchemes: { BearerToken: BEARER_TOKEN } }
const fingerprints = new WeakMap<Resource, string>()

/** What `/openapi/v3` answers: a URL per document, with a hash that changes when the document does. */
export function openApiV3Index(resources: readonly Resource[], documented: DocumentedGroups): JsonObject {
  const groups = new Map<string, Resource[]>(discoveryDocuments(resources, documented).map((path) => [path, []]))
  for (const resource of resources) {
    for (const path of pathsServing(resource)) groups.set(path, [...(groups.get(path) ?? []), resource])
  }
  const entries = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, members]) => {
      const hash = createHash('sha512').update(path)
      for (const text of members.map(fingerprint).sort()) hash.update(text)
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.digest('hex').toUpperCase()}` }] as const
    })
  return { paths: Object.fromEntries(entries) }
}

/** The document of `api/v1` or `apis/<group>/<version>`, or one about discovery; undefined where nothing is served there. */
export function openApiV3Document(
  groupVersionPath: string,
  resources: readonly Resource[],
  documented: DocumentedGroups,
): JsonObject | undefined {
  if (discoveryDocuments(resources, documented).includes(groupVersionPath)) {
    const { paths, schemas } = discoveryDocument(groupVersionPath)
    return {
      openapi: '3.0.0',
      info: INFO,
      paths,
      components: { schemas: schemas as unknown as JsonObject, ...SECURITY },
    }
  }
  const [group, version] = parse(groupVersionPath)
  const members = resources.filter((resource) => pathsServing(resource).includes(groupVersionPath))
  if (version === undefined || group === undefined || members.length === 0) return undefined
  const isBuiltIn = members.every(({ builtIn }) => builtIn)
  return {
    openapi: '3.0.0',
    info: isBuiltIn ? INFO : CUSTOM_INFO,
    paths: Object.assign({}, ...members.map((resource) => pathsOf(resource, version))) as JsonObject,
    components: {
      schemas: componentsOf(members, group, version) as unknown as JsonObject,
      ...(isBuiltIn && SECURITY),
    },
  }
}

/** Paths of the group-versions that a resource is served in. */
export function pathsServing({ group, versions }: Resource): string[] {
  return [...versions.values()]
    .filter(({ served }) => served)
    .map(({ name }) => (group === '' ? `api/${name}` : `apis/${group}/${name}`))
}

function parse(path: string): [string | undefined, string | undefined] {
  const [root, first, second] = path.split('/')
  return root === 'api' ? ['', first] : [first, second]
}

/** Of all that a document says of a resource; taken once, since resources do not change. */
function fingerprint(resource: Resource): string {
  const known = fingerprints.get(resource)
  if (known !== undefined) return known
  const { versions, strategy: _strategy, subresources = [], ...plain } = resource
  const served = [...versions.values()].map(({ schema, ...version }) => ({
    ...version,
    ...(!resource.builtIn && { schema: schema.openapi }),
  }))
  const made = createHash('sha512')
    .update(stringifyJson([plain, served, subresources.map(({ name, kind }) => [name, kind])]))
    .digest('hex')
  fingerprints.set(resource, made)
  return made
}
