import { indexOf, type Path } from '../filters/path.ts'
import { FieldIndex } from './field-index.ts'

type Node = { field: FieldIndex | undefined; below: Map<string, Node> }

const newNode = (): Node => ({ field: undefined, below: new Map() })

/**
 * The fields that offers look at, as a tree of path parts. A walk visits what the tree and an object have in common, so
 * offers on paths that an object lacks cost it nothing.
 */
export class PathTrie {
  readonly #root = newNode()

  /** The index of the field at `path`, made if it is not there. */
  field(path: Path): FieldIndex {
    let node = this.#root
    for (const part of path) {
      const next: Node = node.below.get(part) ?? newNode()
      node.below.set(part, next)
      node = next
    }
    node.field ??= new FieldIndex()
    return node.field
  }

  /** Drops the field at `path` and what leads to it alone, if no offer is found through it any more. */
  prune(path: Path): void {
    prune(this.#root, path, 0)
  }

  /** Calls `visit` for every indexed field that has a value in `root`. */
  walk(root: unknown, visit: (field: FieldIndex, value: unknown) => void): void {
    walk(this.#root, root, visit)
  }
}

function prune(node: Node, path: Path, depth: number): boolean {
  const part = path[depth]
  if (part === undefined) {
    if (node.field?.isEmpty) node.field = undefined
  } else {
    const next = node.below.get(part)
    if (next !== undefined && prune(next, path, depth + 1)) node.below.delete(part)
  }
  return node.field === undefined && node.below.size === 0
}

function walk(node: Node, value: unknown, visit: (field: FieldIndex, value: unknown) => void): void {
  if (value === undefined || value === null) return
  if (node.field !== undefined) visit(node.field, value)
  if (typeof value !== 'object' || node.below.size === 0) return
  if (Array.isArray(value)) {
    for (const [part, next] of node.below) {
      const index = indexOf(part)
      if (index !== undefined) walk(next, value[index], visit)
    }
    return
  }
  const fields = value as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    const next = node.below.get(name)
    if (next !== undefined) walk(next, fields[name], visit)
  }
}
