import { goJson, goNumber } from '../go-text.ts'
import { isNumber } from '../json.ts'
import type { JsonValue } from '../objects.ts'
import { ageOf } from './duration.ts'

export type Cell = string | number | bigint | boolean | null

/** The cell of a printer column for what its path found; undefined for nothing. A value of another type leaves it empty. */
export function customCell(type: string, value: JsonValue | undefined, now: Date): Cell {
  if (value === undefined) return null
  if (type === 'string') return textOf(value)
  if (type === 'integer')
    return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
  if (type === 'number') return isNumber(value) ? Number(value) : null
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  return type === 'date' && typeof value === 'string' ? dateCell(value, now) : null
}

function textOf(value: JsonValue): string {
  if (typeof value === 'object' && value !== null) return goJson(value)
  if (value === null) return '<no value>'
  return typeof value === 'number' ? goNumber(value) : String(value)
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})$/

function dateCell(text: string, now: Date): string {
  if (text === '' || text === 'null') return '<unknown>'
  return RFC3339.test(text) ? ageOf(text, now) : '<invalid>'
}
