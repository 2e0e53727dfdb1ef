import type { z } from 'zod'

/**
 * `schema.parse`, done once for each object that is passed, for as long as the object lives: snapshots are looked at many times.
 * @throws what the schema throws.
 */
export function parseOnce<T extends z.ZodType>(schema: T): (object: object) => z.infer<T> {
  const parsed = new WeakMap<object, z.infer<T>>()
  return (object) => {
    const known = parsed.get(object)
    if (known !== undefined) return known
    const value = schema.parse(object)
    parsed.set(object, value)
    return value
  }
}
