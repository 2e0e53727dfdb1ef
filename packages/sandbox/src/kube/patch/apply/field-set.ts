import { type PathElement, sortElements } from './path-element.ts'

/**
 * Fields of an object, as a tree. What has members below need not be a member itself. Never changed once it is made; parts
 * are shared.
 */
export type FieldSet = ReadonlyMap<PathElement, FieldNode>
export type FieldNode = { readonly member: boolean; readonly children: FieldSet | undefined }
/** A set while it is being made. */
export type FieldSetBuilder = Map<PathElement, FieldNode>

export const EMPTY: FieldSet = new Map()
/** A field without fields of its own. */
export const LEAF: FieldNode = { member: true, children: undefined }

/** undefined for a node that holds nothing: such are never part of a set. */
export function nodeOf(member: boolean, children: FieldSet | undefined): FieldNode | undefined {
  const below = children !== undefined && children.size > 0 ? children : undefined
  if (below === undefined) return member ? LEAF : undefined
  return { member, children: below }
}

export function put(into: FieldSetBuilder, element: PathElement, node: FieldNode | undefined): void {
  if (node !== undefined) into.set(element, node)
}

/** The set that holds these paths. */
export function fieldSetOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  return paths.reduce<FieldSet>((set, path) => union(set, pathSet(path)), EMPTY)
}

function pathSet([first, ...rest]: readonly PathElement[]): FieldSet {
  if (first === undefined) return EMPTY
  return new Map([[first, rest.length === 0 ? LEAF : { member: false, children: pathSet(rest) }]])
}

/** What is in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return b
  if (b.size === 0) return a
  const result: FieldSetBuilder = new Map(a)
  for (const [element, node] of b) {
    const other = a.get(element)
    result.set(element, other === undefined ? node : joined(other, node))
  }
  return result
}

/** What either node holds. */
export function joined(a: FieldNode, b: FieldNode): FieldNode {
  return {
    member: a.member || b.member,
    children: a.children && b.children ? union(a.children, b.children) : (a.children ?? b.children),
  }
}

/** The members that both sets have. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSetBuilder = new Map()
  for (const [element, node] of a) {
    const other = b.get(element)
    if (other === undefined) continue
    const children = node.children && other.children ? intersection(node.children, other.children) : undefined
    put(result, element, nodeOf(node.member && other.member, children))
  }
  return result
}

/** The members of `a` that are not members of `b`; what is below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a
  const result: FieldSetBuilder = new Map()
  for (const [element, node] of a) {
    const other = b.get(element)
    if (other === undefined) result.set(element, node)
    else {
      const children = node.children && other.children ? difference(node.children, other.children) : node.children
      put(result, element, nodeOf(node.member && !other.member, children))
    }
  }
  return result
}

/** As `difference`, and without what is below the members of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a
  const result: FieldSetBuilder = new Map()
  for (const [element, node] of a) {
    const other = b.get(element)
    if (other === undefined) result.set(element, node)
    else if (!other.member) {
      const children = node.children && recursiveDifference(node.children, other.children ?? EMPTY)
      put(result, element, nodeOf(node.member, children))
    }
  }
  return result
}

/** The paths of the members in the order in which conflicts are reported: those of a level before what is below. */
export function pathsOf(set: FieldSet, prefix: readonly PathElement[] = []): PathElement[][] {
  const sorted = sortedElements(set).map((element): [PathElement, FieldNode] => [element, set.get(element)!])
  const paths = sorted.filter(([, { member }]) => member).map(([element]) => [...prefix, element])
  for (const [element, { children }] of sorted) {
    if (children !== undefined) paths.push(...pathsOf(children, [...prefix, element]))
  }
  return paths
}

/** The elements in the order of fieldsV1. */
export function sortedElements(set: FieldSet): PathElement[] {
  return sortElements([...set.keys()])
}
