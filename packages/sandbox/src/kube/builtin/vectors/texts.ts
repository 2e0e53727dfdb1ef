import { readFileSync } from 'node:fs'

const TEXTS: Readonly<Record<string, string>> = {
  LONG300: 'x'.repeat(300),
  LONG2000: 'x'.repeat(2000),
  MEGABYTE: 'x'.repeat(1024 * 1024 + 1),
  GOODCSR: readFileSync(new URL('./request.pem', import.meta.url)).toString('base64'),
}

/** A case with the long texts that its words stand for. */
export function expand<T>(value: T): T {
  if (typeof value === 'string') return (TEXTS[value] ?? value) as T
  if (Array.isArray(value)) return value.map(expand) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [TEXTS[key] ?? key, expand(each)])) as T
}
