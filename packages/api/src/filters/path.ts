/** A dot path below spec, split. */
export type Path = readonly string[]

const INDEX = /^(0|[1-9]\d{0,8})$/

/** Splits a filter's key; undefined if it has an empty part or a part too much. */
export function parsePath(key: string): Path | undefined {
  const parts = key.split('.')
  return parts.every((part) => part !== '') && parts.length <= 32 ? parts : undefined
}

/** The item of a list that a path's part names, or undefined if the part is no index. */
export const indexOf = (part: string): number | undefined => (INDEX.test(part) ? Number(part) : undefined)

/**
 * The value one step below `value`, or undefined. Only an object's own fields count, so `constructor` and `__proto__` are
 * ordinary names; through a list only an index leads.
 */
function step(value: unknown, part: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined
  const index = indexOf(part)
  return index === undefined ? undefined : value[index]
}

/** The value at `path`, or undefined where there is none; null counts as none, as it does for Kubernetes. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    value = step(value, part)
    if (value === undefined) return undefined
  }
  return value ?? undefined
}

/** Says why there is nothing at `path`: "" if a field is simply missing. */
export function whyNothing(root: unknown, path: Path): string {
  let value = root
  for (const [i, part] of path.entries()) {
    const where = path.slice(0, i).join('.')
    if (Array.isArray(value) && indexOf(part) === undefined)
      return `${where} is a list, whose items are named by number`
    if (value !== null && typeof value !== 'object' && value !== undefined && i > 0) return `${where} is no object`
    value = step(value, part)
    if (value === undefined || value === null) return ''
  }
  return ''
}
