import { MARK } from './mark.ts'

const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g')

/**
 * As JSON.stringify, with bigints as integers. `indent`: spaces for each level.
 * @throws {TypeError} for a circle, and for what has no JSON: undefined, a function, a symbol
 */
export function stringifyJson(value: unknown, indent?: number): string {
  const text = written(value, indent)
  if (text === undefined) throw new TypeError(`there is no JSON of ${typeof value}`)
  return text
}

function written(value: unknown, indent: number | undefined): string | undefined {
  try {
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    // Of a bigint, or of too many levels with one below; of a circle too, whose copy is one and is refused again.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    return JSON.stringify(markedCopy(value), undefined, indent).replace(MARKED, '$1')
  }
}

/** A copy with each bigint as a marked string: JSON.stringify's own replacer would nest no deeper than 2,600. */
function markedCopy(root: unknown): unknown {
  const copies = new Map<object, Record<string, unknown>>()
  const open: Record<string, unknown>[] = []
  const copyOf = (value: unknown): unknown => {
    // Joined, as JSON.stringify goes deep only where no string is a chain of others.
    if (typeof value === 'bigint') return [MARK, value].join('')
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return copyOf(toJSON.call(value))
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
    copies.set(value, copy)
    open.push(copy)
    return copy
  }
  const copy = copyOf(root)
  for (let holder = open.pop(); holder !== undefined; holder = open.pop())
    for (const key of Object.keys(holder)) holder[key] = copyOf(holder[key])
  return copy
}
