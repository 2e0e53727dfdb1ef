import type { InputSize } from './cost.ts'

/** What an expression sees, by the names of its variables, and how large that is. */
export type CelInput = InputSize & { variables: Readonly<Record<string, unknown>> }

/**
 * Objects as JSON has them, as CEL sees them: without metadata.managedFields; whole numbers are ints, others doubles.
 */
export function celInput(objects: Readonly<Record<string, unknown>>): CelInput {
  const size: InputSize = { characters: 0, longest: 0 }
  const variables = Object.fromEntries(Object.entries(objects).map(([name, it]) => [name, toCel(shown(it), size)]))
  return { variables, ...size }
}

function shown(object: unknown): unknown {
  const { metadata } = (object ?? {}) as { metadata?: { managedFields?: unknown } }
  if (metadata?.managedFields === undefined) return object
  const { managedFields: _, ...others } = metadata
  return { ...(object as object), metadata: others }
}

function toCel(value: unknown, size: InputSize): unknown {
  size.characters += typeof value === 'string' ? value.length : 8
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  size.longest = Math.max(size.longest, entries.length)
  if (Array.isArray(value)) return value.map((item) => toCel(item, size))
  return new Map(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => {
        size.characters += key.length
        return [key, toCel(item, size)]
      }),
  )
}
