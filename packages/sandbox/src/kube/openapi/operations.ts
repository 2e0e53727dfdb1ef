import type { JsonObject } from '../objects.ts'
import type { Resource, Verb } from '../resource.ts'
import { parameters } from '../schema/builtin-data.ts'
import { componentName, DELETE_OPTIONS, PATCH, REF, STATUS } from './components.ts'

type Gvk = { group: string; version: string; kind: string }
/** What operations are written for; `schema` names the bodies. */
type Target = { gvk: Gvk; tag: string; schema: string; builtIn: boolean }
type Operation = JsonObject
export type PathItem = JsonObject

const ACTIONS = { get: 'get', put: 'put', patch: 'patch', delete: 'delete' } as const

/** The paths of one resource in one version, as kube-apiserver documents them. */
export function pathsOf(resource: Resource, version: string): Record<string, PathItem> {
  const { group, kind, listKind, namespaced, verbs } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const collection = `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${resource.resource}`
  const target = targetOf(resource, version, { group, version, kind }, kind)
  const lists = { ...target, schema: componentName(group, version, listKind) }
  const paths: Record<string, PathItem> = {
    [collection]: collectionItem(target, lists, verbs, namespaced),
    [`${collection}/{name}`]: item(target, verbs, namespaced, ''),
    ...subresourcePaths(resource, version, `${collection}/{name}`),
  }
  if (namespaced && verbs.includes('list')) {
    const all = { ...list(lists, 'list', namespaced), operationId: operationId('list', lists, '', 'ForAllNamespaces') }
    const { parameters: query, ...get } = all as unknown as Operation & { parameters: JsonObject[] }
    paths[`${root}/${resource.resource}`] = { get, parameters: byName([...query, ...of('item').slice(2)]) }
  }
  return Object.fromEntries(Object.entries(paths).filter(([, operations]) => Object.keys(operations).length > 1))
}

const of = (name: string): JsonObject[] => (parameters()[name] ?? []) as JsonObject[]

function targetOf(resource: Resource, version: string, gvk: Gvk, kind: string): Target {
  return {
    gvk,
    tag: `${groupTag(resource.group)}_${version}`,
    schema: componentName(gvk.group, gvk.version, kind),
    builtIn: resource.builtIn,
  }
}

/** As `groupName`, with a small letter. */
export function groupTag(group: string): string {
  return groupName(group).replace(/^./, (first) => first.toLowerCase())
}

/** `rbac.authorization.k8s.io` is RbacAuthorization, the core group Core. */
export function groupName(group: string): string {
  if (group === '') return 'Core'
  const parts = group.replace(/\.k8s\.io$/, '').split('.')
  return parts.map((part) => part.replace(/^./, (first) => first.toUpperCase()).replaceAll('-', '')).join('')
}

function operationId(verb: string, { gvk }: Target, scope: string, suffix = ''): string {
  const version = gvk.version.replace(/^./, (first) => first.toUpperCase())
  return `${verb}${groupName(gvk.group)}${version}${scope}${gvk.kind}${suffix}`
}

function collectionItem(target: Target, lists: Target, verbs: readonly Verb[], namespaced: boolean): PathItem {
  const scope = namespaced ? 'Namespaced' : ''
  return {
    ...(verbs.includes('list') && { get: list(lists, 'list', namespaced) }),
    ...(verbs.includes('create') && {
      post: {
        ...write(
          target,
          'post',
          `create ${article(target.gvk.kind)}`,
          operationId('create', target, scope),
          of('post'),
          ['200', '201', '202'],
        ),
      },
    }),
    ...(verbs.includes('deletecollection') && {
      delete: {
        ...operation(
          target,
          'deletecollection',
          `delete collection of ${target.gvk.kind}`,
          operationId('delete', target, `Collection${scope}`),
          target.builtIn ? of('deletecollection') : of('list'),
        ),
        ...(target.builtIn && { requestBody: bodyOf(target, DELETE_OPTIONS) }),
        responses: responses(target, ['200'], STATUS),
      },
    }),
    parameters: pathParameters(target, namespaced, false),
  }
}

function list(target: Target, action: string, namespaced: boolean): Operation {
  const { kind } = target.gvk
  const id = operationId('list', target, namespaced ? 'Namespaced' : '')
  return {
    ...operation(target, action, `list ${target.builtIn ? 'or watch ' : ''}objects of kind ${kind}`, id, of('list')),
    responses: responses(target, ['200'], target.schema, target.builtIn ? ['application/json;stream=watch'] : []),
  }
}

function item(target: Target, verbs: readonly Verb[], namespaced: boolean, subresource: string): PathItem {
  const scope = namespaced ? 'Namespaced' : ''
  const suffix = subresource.replace(/^./, (first) => first.toUpperCase())
  const what = subresource === '' ? '' : `${subresource} of `
  const { kind } = target.gvk
  const id = (verb: string) => operationId(verb, target, scope, suffix)
  return {
    ...(verbs.includes('get') && {
      get: {
        ...operation(
          target,
          ACTIONS.get,
          `read ${what}the specified ${kind}`,
          id('read'),
          target.builtIn ? [] : of('list').filter(({ name }) => name === 'resourceVersion'),
        ),
        responses: responses(target, ['200'], target.schema),
      },
    }),
    ...(verbs.includes('update') && {
      put: write(target, ACTIONS.put, `replace ${what}the specified ${kind}`, id('replace'), of('put'), ['200', '201']),
    }),
    ...(verbs.includes('delete') && {
      delete: {
        ...operation(target, ACTIONS.delete, `delete ${article(kind)}`, id('delete'), of('delete')),
        requestBody: bodyOf(target, DELETE_OPTIONS),
        responses: responses(target, ['200', '202'], STATUS),
      },
    }),
    ...(verbs.includes('patch') && {
      patch: {
        ...operation(target, ACTIONS.patch, `partially update ${what}the specified ${kind}`, id('patch'), of('patch')),
        requestBody: { content: patchBodies(target), required: true },
        responses: responses(target, target.builtIn ? ['200', '201'] : ['200'], target.schema),
      },
    }),
    parameters: pathParameters(target, namespaced, true),
  }
}

function subresourcePaths(resource: Resource, version: string, path: string): Record<string, PathItem> {
  const served = resource.versions.get(version)
  const { group, kind, namespaced } = resource
  const verbs: readonly Verb[] = ['get', 'update', 'patch']
  const paths: Record<string, PathItem> = {}
  if (served?.status) {
    paths[`${path}/status`] = item(
      targetOf(resource, version, { group, version, kind }, kind),
      verbs,
      namespaced,
      'status',
    )
  }
  if (served?.scale !== undefined) {
    const schema = componentName('autoscaling', 'v1', 'Scale')
    const target = { ...targetOf(resource, version, { group, version, kind }, kind), schema }
    paths[`${path}/scale`] = item(target, verbs, namespaced, 'scale')
  }
  for (const sub of resource.subresources ?? []) {
    const gvk = { group: sub.group, version: sub.version, kind: sub.kind }
    const target = targetOf(resource, version, gvk, sub.kind)
    const suffix = sub.name.replace(/^./, (first) => first.toUpperCase())
    const scope = namespaced ? 'Namespaced' : ''
    const created = write(
      target,
      'post',
      `create ${sub.name} of ${article(kind)}`,
      operationId('create', { ...target, gvk: { group, version, kind } }, scope, suffix),
      of('post'),
      ['200', '201', '202'],
    )
    paths[`${path}/${sub.name}`] = {
      ...(sub.create !== undefined && { post: created }),
      ...(sub.update !== undefined && {
        put: { ...created, 'x-kubernetes-action': 'put', operationId: operationId('replace', target, scope, suffix) },
      }),
      parameters: pathParameters(target, namespaced, true),
    }
  }
  return paths
}

const article = (kind: string): string => `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`

function operation(target: Target, action: string, description: string, id: string, query: JsonObject[]): Operation {
  return {
    tags: [target.tag],
    description,
    operationId: id,
    ...(query.length > 0 && { parameters: query }),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { ...target.gvk },
  }
}

function write(
  target: Target,
  action: string,
  description: string,
  id: string,
  query: JsonObject[],
  codes: string[],
): Operation {
  return {
    ...operation(target, action, description, id, query),
    requestBody: { ...bodyOf(target, target.schema), required: true },
    responses: responses(target, codes, target.schema),
  }
}

function patchBodies({ builtIn }: Target): JsonObject {
  const types = [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(builtIn ? ['application/strategic-merge-patch+json'] : []),
  ]
  return Object.fromEntries(types.map((type) => [type, { schema: { $ref: `${REF}${PATCH}` } }]))
}

function responses(
  { builtIn }: Target,
  codes: readonly string[],
  schema: string,
  more: readonly string[] = [],
): JsonObject {
  const types = [
    'application/json',
    ...more,
    ...(builtIn ? ['application/vnd.kubernetes.protobuf'] : []),
    'application/yaml',
  ]
  const content = Object.fromEntries(types.map((type) => [type, { schema: { $ref: `${REF}${schema}` } }]))
  const texts: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }
  return {
    ...Object.fromEntries(codes.map((code) => [code, { description: texts[code] ?? '', content }])),
    401: { description: 'Unauthorized' },
  }
}

/** Custom resources are taken as JSON and YAML, built-in types in any form. */
function bodyOf({ builtIn }: Target, schema: string): JsonObject {
  const types = builtIn ? ['*/*'] : ['application/json', 'application/yaml']
  return { content: Object.fromEntries(types.map((type) => [type, { schema: { $ref: `${REF}${schema}` } }])) }
}

function byName(list: readonly JsonObject[]): JsonObject[] {
  return list.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))
}

/** `name`, `namespace` and `pretty`, as far as the path has them. */
function pathParameters({ gvk }: Target, namespaced: boolean, named: boolean): JsonObject[] {
  const [name = {}, namespace = {}, ...rest] = of('item')
  return [
    ...(named ? [{ ...name, description: `name of the ${gvk.kind}` }] : []),
    ...(namespaced ? [namespace] : []),
    ...rest,
  ]
}
