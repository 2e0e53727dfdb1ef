import { parseJson, stringifyJson } from '@resource-broker/json'
import { parseYaml } from './parse-yaml.ts'
import type { Answer } from './requests.ts'

/** What kcp adds to each object. */
const KCP_KEYS = new Set(['kcp.io/cluster', 'f:kcp.io/cluster'])
/** An object that a message quotes, as JSON in a Go string. */
const QUOTED = /"\{\\"apiVersion\\".*\}"/s

/** As whom each server's own controllers write. */
const CONTROLLERS = ['kcp', 'kube-controller-manager']

export type Comparable = { status: number; type: string; warnings: string[]; body: unknown; reviews?: unknown }

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** In messages about preconditions and about revisions that are too new, and in those that quote an object. */
const REVISION = /((?:ResourceVersion in [a-z ]+|current): |ResourceVersion in record \(|"resourceVersion\\?":\\?")\d+/g
/** In a table, of an object that was made in the same case. */
const AGE = /^\d+s$/
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g

/**
 * Makes the answers of one server to one case comparable. What differs from run to run becomes a label by its first appearance,
 * so that `same as before` and `not the same` are still compared.
 */
export class Masking {
  readonly #labels = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  /** Generated names, and other texts that a step captured. */
  readonly #captured = new Map<string, string>()
  /** Where the present document has a revision of the whole server, where others write too. */
  #global = ''

  capture(name: string, value: string): void {
    // Shorter ones and numbers may stand anywhere by chance.
    if (value.length > 6 && !/^\d+$/.test(value)) this.#captured.set(value, `<${name}>`)
  }

  apply({ status, type, warnings, body }: Answer, events: boolean): Comparable {
    const masked = warnings.map((text) => this.#text(text))
    return {
      status,
      type,
      warnings: masked,
      body: events
        ? body
            .split('\n')
            .filter(Boolean)
            .map((line) => this.#parse(line))
        : this.#parse(body, type === 'application/yaml'),
    }
  }

  /** Something else than an answer, such as what a webhook was asked. */
  value(value: unknown): unknown {
    return this.#value(value, [])
  }

  #parse(text: string, isYaml = false): unknown {
    let value: unknown
    try {
      value = isYaml ? parseYaml(text) : parseJson(text)
    } catch {
      return this.#text(text)
    }
    this.#global = globalRevision(value as { kind?: string; type?: string } | null)
    return inOrder(this.#value(value, []))
  }

  #value(value: unknown, path: readonly string[]): unknown {
    if (typeof value === 'string') return this.#string(value, path)
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#value(item, [...path, '*'])).filter((item) => !isNoEntry(item))
      if (items.length === 0 && value.length > 0) return undefined
      // Their order is by the second of a write, and one server may be done within the second where the other is not.
      return path.at(-1) === 'managedFields' ? items.sort(byJson) : items
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
      .filter(([key]) => !KCP_KEYS.has(key))
      .map(([key, inner]) => [this.#text(key), this.#value(inner, [...path, key])] as const)
      .filter(([, inner]) => inner !== undefined)
    const isEmptied = entries.every(([key]) => key === '.') && entries.length < Object.keys(value).length
    return isEmptied ? undefined : Object.fromEntries(entries)
  }

  #string(value: string, path: readonly string[]): string {
    const key = path.at(-1)
    if (key === 'continue' && value !== '') return '<continue>'
    if (key === 'resourceVersion' && /^\d+$/.test(value) && value !== '0') {
      return path.join('.') === this.#global ? '<revision>' : this.#label('rv', value)
    }
    if (key === 'manager' && CONTROLLERS.includes(value)) return '<controllers>'
    // How old an object is depends on how busy the machine is.
    if (path.at(-2) === 'cells' && AGE.test(value)) return '<age>'
    return value.startsWith('-----BEGIN CERTIFICATE-----') ? '<certificates>' : this.#text(value)
  }

  #text(text: string): string {
    let masked = text.replace(QUOTED, (quoted) => this.#quoted(quoted))
    for (const [value, label] of this.#captured) masked = masked.replaceAll(value, label)
    return masked
      .replaceAll(REVISION, '$1<revision>')
      .replaceAll(UID, (uid) => this.#label('uid', uid))
      .replaceAll(TIME, (_, fraction) => (fraction === undefined ? '<time>' : '<time with fraction>'))
  }

  /** With its keys in order: those of a Go map come sorted. */
  #quoted(text: string): string {
    const value = this.#value(parseJson(parseJson<string>(text)), [])
    return stringifyJson(sorted(value))
  }

  #label(kind: string, value: string): string {
    const known = this.#labels.get(`${kind} ${value}`)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    this.#labels.set(`${kind} ${value}`, `<${kind} ${count}>`)
    return `<${kind} ${count}>`
  }
}

function globalRevision(value: { kind?: string; type?: string } | null): string {
  if (value?.type === 'BOOKMARK') return 'object.metadata.resourceVersion'
  return value?.kind === 'Table' || value?.kind?.endsWith('List') === true ? 'metadata.resourceVersion' : ''
}

/** The real server gives several causes in the order of a Go map, another one each time. */
function inOrder(body: unknown): unknown {
  const { message, details } = (body ?? {}) as { message?: string; details?: { causes?: unknown[] } }
  if (message === undefined || details?.causes === undefined || details.causes.length < 2) return body
  const parts = message.replace(/( is invalid: )\[(.*)\]$/s, '$1, $2').split(/, |\n/)
  const causes = details.causes.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
  return { ...(body as object), message: parts.sort(), details: { ...details, causes } }
}

function byJson(a: unknown, b: unknown): number {
  return stringifyJson(sorted(a)) < stringifyJson(sorted(b)) ? -1 : 1
}

/** By the field first: messages may quote generated names. */
function orderOf(cause: unknown): string {
  return stringifyJson([(cause as { field?: string }).field, cause])
}

/** An entry of managedFields that had kcp's keys alone. */
function isNoEntry(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'fieldsType' in item && !('fieldsV1' in item)
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
