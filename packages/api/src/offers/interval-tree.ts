/** A node holds every item of one interval; `reach` is the largest `max` in its subtree. */
type Node<T> = {
  min: number
  max: number
  reach: number
  priority: number
  items: Set<T>
  left: Node<T> | undefined
  right: Node<T> | undefined
}

/**
 * Closed intervals of doubles (infinite ends allowed) that answer which of them hold a number, in about
 * log(n) + answers steps. A treap ordered by (min, max), augmented with the largest max below each node; priorities come
 * from a counter through a mixer, so the same history gives the same tree.
 */
export class IntervalTree<T> {
  #root: Node<T> | undefined
  #added = 0

  get isEmpty(): boolean {
    return this.#root === undefined
  }

  add(min: number, max: number, item: T): void {
    this.#root = this.#insert(this.#root, min, max, item)
  }

  delete(min: number, max: number, item: T): void {
    this.#root = remove(this.#root, min, max, item)
  }

  /** Calls `visit` with the items of every interval that holds `at`, in order of (min, max). */
  stab(at: number, visit: (items: ReadonlySet<T>) => void): void {
    stab(this.#root, at, visit)
  }

  #insert(node: Node<T> | undefined, min: number, max: number, item: T): Node<T> {
    if (node === undefined) {
      return {
        min,
        max,
        reach: max,
        priority: mix(++this.#added),
        items: new Set([item]),
        left: undefined,
        right: undefined,
      }
    }
    const order = compare(min, max, node)
    if (order === 0) node.items.add(item)
    else if (order < 0) node.left = this.#insert(node.left, min, max, item)
    else node.right = this.#insert(node.right, min, max, item)
    return update(lifted(node))
  }
}

/** The root of a subtree whose child may have a higher priority: that child is rotated up. */
function lifted<T>(node: Node<T>): Node<T> {
  const { left, right } = node
  if (left !== undefined && left.priority > node.priority) {
    node.left = left.right
    left.right = update(node)
    return left
  }
  if (right !== undefined && right.priority > node.priority) {
    node.right = right.left
    right.left = update(node)
    return right
  }
  return node
}

function remove<T>(node: Node<T> | undefined, min: number, max: number, item: T): Node<T> | undefined {
  if (node === undefined) return undefined
  const order = compare(min, max, node)
  if (order < 0) node.left = remove(node.left, min, max, item)
  else if (order > 0) node.right = remove(node.right, min, max, item)
  else {
    node.items.delete(item)
    if (node.items.size === 0) return merge(node.left, node.right)
  }
  return update(node)
}

function merge<T>(left: Node<T> | undefined, right: Node<T> | undefined): Node<T> | undefined {
  if (left === undefined || right === undefined) return left ?? right
  if (left.priority > right.priority) {
    left.right = merge(left.right, right)
    return update(left)
  }
  right.left = merge(left, right.left)
  return update(right)
}

function stab<T>(node: Node<T> | undefined, at: number, visit: (items: ReadonlySet<T>) => void): void {
  if (node === undefined || node.reach < at) return
  stab(node.left, at, visit)
  if (node.min > at) return
  if (node.max >= at) visit(node.items)
  stab(node.right, at, visit)
}

function update<T>(node: Node<T>): Node<T> {
  node.reach = Math.max(node.max, node.left?.reach ?? node.max, node.right?.reach ?? node.max)
  return node
}

const compare = (min: number, max: number, node: { min: number; max: number }): number =>
  min !== node.min ? (min < node.min ? -1 : 1) : max !== node.max ? (max < node.max ? -1 : 1) : 0

/** Spreads a counter over 32 bits (the finalizer of MurmurHash3). */
function mix(count: number): number {
  let bits = Math.imul(count ^ (count >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
