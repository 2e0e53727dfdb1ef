import { joinPath } from '../clusters/mod.ts'
import { qualified, type TypeReference, type WorkspaceType } from './types.ts'

/** A type with all that it extends, and what it is called where it is used. */
export type Implemented = { name: string; types: readonly WorkspaceType[] }

/** Why a workspace of one type may not be in one of the other; undefined when it may. In kcp's words. */
export function placementComplaint(parent: Implemented, child: Implemented): string | undefined {
  const complaints = [...parentComplaints(parent, child), ...childComplaints(parent, child)]
  return complaints.length > 1 ? `[${complaints.join(', ')}]` : complaints[0]
}

function* parentComplaints(parent: Implemented, child: Implemented): Iterable<string> {
  for (const type of child.types) {
    const { none = false, types = [] } = type.spec.limitAllowedParents ?? {}
    if (none) yield `workspace type ${child.name}${extending(type, child)} cannot have any parents`
    if (types.length === 0 || implementsAny(parent, types)) continue
    const [allowed, implemented] = [list(types.map(nameOf)), list(parent.types.map(qualified))]
    yield `workspace type ${child.name}${extending(type, child)} only allows ${allowed} parent workspaces, but parent type ${parent.name} only implements ${implemented}`
  }
}

function* childComplaints(parent: Implemented, child: Implemented): Iterable<string> {
  for (const type of parent.types) {
    const { none = false, types = [] } = type.spec.limitAllowedChildren ?? {}
    if (none) yield `workspace type ${parent.name} cannot have any children`
    if (types.length === 0 || implementsAny(child, types)) continue
    const [allowed, implemented] = [list(types.map(nameOf)), list(child.types.map(qualified))]
    yield `workspace type ${parent.name}${extending(type, parent)} only allows ${allowed} child workspaces, but child type ${child.name} only implements ${implemented}`
  }
}

function implementsAny({ types }: Implemented, allowed: readonly TypeReference[]): boolean {
  const names = new Set(allowed.map(nameOf))
  return types.some((type) => names.has(qualified(type)))
}

function extending(type: WorkspaceType, of: Implemented): string {
  return qualified(type) === of.name ? '' : ` extends ${qualified(type)}, which`
}

function nameOf({ path = '', name }: TypeReference): string {
  return joinPath(path, name)
}

/** As Go prints a sorted slice. */
function list(names: readonly string[]): string {
  return `[${[...new Set(names)].sort().join(' ')}]`
}
