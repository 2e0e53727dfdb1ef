import type { JsonObject } from '../objects.ts'
import type { Resource } from '../resource.ts'
import { metaComponents, REF, type Schemas } from './components.ts'
import { groupName, groupTag } from './operations.ts'

/** Whose groups have a document: kube-apiserver's are for built-in groups, those of kcp's virtual workspaces for all (contract 15.7). */
export type DocumentedGroups = 'built-in' | 'all'
type Subject = { url: string; tag: string; description: string; operationId: string; schema: string }

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const VERSION_INFO = 'io.k8s.apimachinery.pkg.version.Info'
const MEDIA_TYPES = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
const OF_GROUP = 'apis/'
const VERSIONS = 'get available API versions'

const ALWAYS: Readonly<Record<string, Subject>> = {
  api: {
    url: '/api/',
    tag: 'core',
    description: VERSIONS,
    operationId: 'getCoreAPIVersions',
    schema: `${META}APIVersions`,
  },
  apis: {
    url: '/apis/',
    tag: 'apis',
    description: VERSIONS,
    operationId: 'getAPIVersions',
    schema: `${META}APIGroupList`,
  },
  version: {
    ...{ url: '/version/', tag: 'version', description: 'get the version information for this server' },
    ...{ operationId: 'getCodeVersion', schema: VERSION_INFO },
  },
}

/** What `/openapi/v3` names besides the group-versions: the documents about discovery and the version. */
export function discoveryDocuments(resources: readonly Resource[], groups: DocumentedGroups): string[] {
  const documented = resources.filter(({ group, builtIn }) => group !== '' && (groups === 'all' || builtIn))
  return [...Object.keys(ALWAYS), ...new Set(documented.map(({ group }) => `${OF_GROUP}${group}`))]
}

/** Paths and schemas of one of them. */
export function discoveryDocument(path: string): { paths: JsonObject; schemas: Schemas } {
  const subject = ALWAYS[path] ?? ofGroup(path.slice(OF_GROUP.length))
  return { paths: { [subject.url]: { get: operation(subject) } }, schemas: metaComponents(subject.schema) }
}

function ofGroup(group: string): Subject {
  return {
    url: `/apis/${group}/`,
    tag: groupTag(group),
    description: 'get information of a group',
    operationId: `get${groupName(group)}APIGroup`,
    schema: `${META}APIGroup`,
  }
}

function operation({ tag, description, operationId, schema }: Subject): JsonObject {
  const types = schema === VERSION_INFO ? MEDIA_TYPES.slice(0, 1) : MEDIA_TYPES
  const content = Object.fromEntries(types.map((type) => [type, { schema: { $ref: `${REF}${schema}` } }]))
  return {
    tags: [tag],
    description,
    operationId,
    responses: { 200: { description: 'OK', content }, 401: { description: 'Unauthorized' } },
  }
}
