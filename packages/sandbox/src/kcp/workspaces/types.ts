import type { PolicyRule } from '../../kube/authz/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { joinPath } from '../clusters/mod.ts'
import { API_BINDINGS_INITIALIZER, PATH_ANNOTATION, ROOT_CLUSTER } from '../names.ts'
import type { ClusterDirectory, ReplicatedCache } from '../services.ts'

export type TypeReference = { name: string; path?: string }
export type ExportReference = { path?: string; export: string }
type Limit = { none?: boolean; types?: TypeReference[] }

/** spec of a WorkspaceType (contract 4.2). */
export type WorkspaceTypeSpec = {
  initializer?: boolean
  terminator?: boolean
  extend?: { with?: TypeReference[] }
  defaultChildWorkspaceType?: TypeReference
  limitAllowedChildren?: Limit
  limitAllowedParents?: Limit
  defaultAPIBindings?: ExportReference[]
  defaultAPIBindingLifecycle?: 'InitializeOnly' | 'Maintain'
  additionalWorkspaceLabels?: Record<string, string>
  initializerPermissions?: PolicyRule[]
  terminatorPermissions?: PolicyRule[]
}

/** A WorkspaceType and where it is. */
export type WorkspaceType = { cluster: string; path: string; name: string; spec: WorkspaceTypeSpec }

/** Why there cannot be such a workspace, for the user: a type that is missing, that extends itself, that is not allowed. */
export class RefusedWorkspace extends Error {
  override readonly name = 'RefusedWorkspace'
}

/** Finds WorkspaceTypes on all shards. */
export class WorkspaceTypes {
  readonly #cache: ReplicatedCache
  readonly #directory: ClusterDirectory

  constructor(cache: ReplicatedCache, directory: ClusterDirectory) {
    this.#cache = cache
    this.#directory = directory
  }

  /** By the path of its workspace. */
  find(path: string, name: string): WorkspaceType | undefined {
    const cluster = this.#directory.resolve(path)?.cluster
    if (cluster === undefined) return undefined
    const found = this.#cache.get('workspacetypes.tenancy.kcp.io', cluster, name)
    return found === undefined ? undefined : typeOf(cluster, found.object)
  }

  /** Like `find`; without a path, in `from`, then in each of its parents, then in root. Throws RefusedWorkspace. */
  resolve(from: string, { path = '', name }: TypeReference): WorkspaceType {
    for (const candidate of path === '' ? pathsUpFrom(from) : [path]) {
      const type = this.find(candidate, name)
      if (type !== undefined) return type
    }
    throw new RefusedWorkspace(`workspace type "${joinPath(path, name)}" cannot be resolved`)
  }

  /** Whether some type keeps the workspaces of its kind bound to exports of that name. */
  maintain(exportName: string): boolean {
    return this.#cache.list('workspacetypes.tenancy.kcp.io').some(({ object }) => {
      const { defaultAPIBindingLifecycle, defaultAPIBindings = [] } = (object['spec'] ?? {}) as WorkspaceTypeSpec
      const isNamed = defaultAPIBindings.some(({ export: name }) => name === exportName)
      return defaultAPIBindingLifecycle === 'Maintain' && isNamed
    })
  }

  /** The type itself, and all that it extends. Throws RefusedWorkspace. */
  extended(type: WorkspaceType): WorkspaceType[] {
    return [...this.#inherited(type, new Set([qualified(type)]), []), type]
  }

  *#inherited(type: WorkspaceType, seen: Set<string>, above: readonly string[]): Iterable<WorkspaceType> {
    const line = [...above, qualified(type)]
    for (const { path = '', name } of type.spec.extend?.with ?? []) {
      const id = joinPath(path, name)
      if (line.includes(id)) {
        const circle = [...line.slice(line.indexOf(id)), id].join(' -> ')
        throw new RefusedWorkspace(`circular dependency detected in workspace type ${id}: ${circle}`)
      }
      if (seen.has(id)) continue
      seen.add(id)
      const base = this.find(path === '' ? type.path : path, name)
      if (base === undefined) throw new RefusedWorkspace(`unable to find inherited workspace type ${id}`)
      yield base
      yield* this.#inherited(base, seen, line)
    }
  }
}

/** `<path>:<name>` of a type. */
export function qualified({ path, name }: WorkspaceType): string {
  return joinPath(path, name)
}

/** What has to be done in a new workspace of these types (contract 5.1). */
export function initializersOf(types: readonly WorkspaceType[]): string[] {
  const own = types.filter(({ spec }) => spec.initializer === true).map(stepOf)
  const binds = types.some(({ spec }) => (spec.defaultAPIBindings ?? []).length > 0)
  return [...own, ...(binds ? [API_BINDINGS_INITIALIZER] : [])]
}

/** What has to be done before a workspace of these types is deleted. */
export function terminatorsOf(types: readonly WorkspaceType[]): string[] {
  return types.filter(({ spec }) => spec.terminator === true).map(stepOf)
}

/** Exports that a workspace of these types is bound to from the start, each once, with the path of its workspace. */
export function defaultBindingsOf(types: readonly WorkspaceType[]): Required<ExportReference>[] {
  const found = new Map<string, Required<ExportReference>>()
  for (const type of types) {
    for (const { path = type.path, export: name } of type.spec.defaultAPIBindings ?? []) {
      found.set(`${path}|${name}`, { path, export: name })
    }
  }
  return [...found.values()]
}

function stepOf({ cluster, name }: WorkspaceType): string {
  return `${cluster}:${name}`
}

function typeOf(cluster: string, { metadata, spec }: KubeObject): WorkspaceType {
  const { name = '', annotations } = metadata
  return { cluster, path: annotations?.[PATH_ANNOTATION] ?? cluster, name, spec: (spec ?? {}) as WorkspaceTypeSpec }
}

function* pathsUpFrom(path: string): Iterable<string> {
  const segments = path.split(':')
  for (let length = segments.length; length > 0; length--) yield segments.slice(0, length).join(':')
  if (segments[0] !== ROOT_CLUSTER) yield ROOT_CLUSTER
}
