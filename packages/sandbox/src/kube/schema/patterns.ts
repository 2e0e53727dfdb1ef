import { LRUCache } from 'lru-cache'
import { RE2JS } from 're2js'

const KEPT = 2000
const compiled = new LRUCache<string, RE2JS>({ max: KEPT })

/** Compiles an RE2 expression, as Go's regexp does (linear time); kept by source. Throws for one that is not valid. */
export function pattern(source: string): RE2JS {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const made = RE2JS.compile(source)
  compiled.set(source, made)
  return made
}

/** Whether `source` matches somewhere in `text`; an expression that is not valid matches nothing. */
export function matches(source: string, text: string): boolean {
  try {
    return pattern(source).test(text)
  } catch {
    return false
  }
}

/** What is wrong with an expression, in Go's words; undefined where nothing is. */
export function mistakeIn(source: string): string | undefined {
  try {
    pattern(source)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
