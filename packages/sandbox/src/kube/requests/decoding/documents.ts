import { stringifyJson } from '@resource-broker/json'
import { isAlias, LineCounter, parseDocument, type Tags, visit, type YAMLParseError } from 'yaml'
import { countMembers, JsonSyntaxError, MAX_DEPTH, parseJson, parseJsonCounted, setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { decodeProtobuf } from '../../protobuf/mod.ts'
import { duplicateKeys } from './duplicate-keys.ts'
import { PROTOBUF_TYPE, YAML_TYPE } from './media-types.ts'

/** A body as a value; `complaints` are what strict decoding says of its form. */
export type Document = {
  value: JsonValue
  complaints: string[]
  /** Why it is no object of any kind, though it is JSON. */
  failure?: string
}

const TOO_DEEP = 'exceeded max depth'

/** What Go's parser says of the commonest mistakes; the parser's stack ends where a document is too deep. */
const GO_WORDS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  TAB_AS_INDENT: 'found character that cannot start any token',
  RESOURCE_EXHAUSTION: TOO_DEEP,
}

const NOT_JSON = ['timestamp', 'binary', 'set', 'omap', 'pairs']
/** Aliases may stand for this many nodes altogether. */
const MAX_ALIASES = 1000

const LARGE_EXPONENT = /[eE]\+?\d{3}/
const NUMBERS = /-?\d+(?:\.\d+)?[eE]\+?\d{3,}/g

/** Lists in lists, or keys of keys, in one line. */
const DEEP_BLOCK = /(?:[-?] ){64}/

/** Go keeps times as text, and knows no collections but lists and maps. */
function isPlainTag(tag: Tags[number]): boolean {
  if (typeof tag === 'string') return true
  return tag.format !== 'TIME' && !NOT_JSON.some((name) => tag.tag.endsWith(`:${name}`))
}

/** Parses a body of one of the three media types. Throws JsonSyntaxError. */
export function parseDocumentBody(body: Buffer, mediaType: string): Document {
  if (mediaType === PROTOBUF_TYPE) return { value: decodeProtobuf(body), complaints: [] }
  if (mediaType === YAML_TYPE) return parseYaml(body)
  return parseJsonBody(body)
}

/** Parses JSON and finds repeated keys. Throws JsonSyntaxError. */
export function parseJsonBody(body: Buffer): Document {
  const text = body.toString('utf8')
  const { value, colons } = parseJsonCounted(text)
  const number = LARGE_EXPONENT.test(text) ? tooLargeIn(value, text) : undefined
  if (number !== undefined) {
    const failure = `json: cannot unmarshal number ${number} into Go value of type float64`
    return { value, complaints: [], failure }
  }
  if (countMembers(value) === colons) return { value, complaints: [] }
  return { value, complaints: duplicateKeys(text).map((path) => `duplicate field "${path}"`) }
}

/** The first number that no float64 can be, of which JavaScript makes Infinity. */
function tooLargeIn(value: JsonValue, text: string): string | undefined {
  const left = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner)
    if (next === Infinity || next === -Infinity)
      return text.match(NUMBERS)?.find((number) => !Number.isFinite(Number(number)))
  }
  return undefined
}

/** The bodies of apply patches are YAML, mostly in the form of JSON. Throws JsonSyntaxError. */
export function parseYaml(body: Buffer): Document {
  const text = body.toString('utf8')
  if (text.trimStart().startsWith('{')) {
    try {
      return parseJsonBody(body)
    } catch (error) {
      if (!(error instanceof JsonSyntaxError) || error.message === TOO_DEEP) throw error
    }
  }
  if (isDeep(text)) throw new JsonSyntaxError(`yaml: ${TOO_DEEP}`)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    // It would copy the line for each of its mistakes.
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'yaml-1.1',
    customTags: (tags) => tags.filter(isPlainTag),
    version: '1.1',
    merge: true,
    intAsBigInt: true,
    logLevel: 'silent',
  })
  const [problem] = document.errors
  if (problem !== undefined) throw new JsonSyntaxError(yamlMessage(problem, lines))
  let aliases = 0
  visit(document, {
    Node(_, node, path) {
      if (path.length > MAX_DEPTH * 2) throw new JsonSyntaxError(`yaml: ${TOO_DEEP}`)
      if (isAlias(node)) aliases++
    },
  })
  if (aliases > MAX_ALIASES) throw new JsonSyntaxError('yaml: document contains excessive aliasing')
  return { value: toJson(document), complaints: repeatedKeys(document) }
}

/** A rough look ahead of the parser, which takes long to find this out. */
function isDeep(text: string): boolean {
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    if (depth > MAX_DEPTH) return true
  }
  return DEEP_BLOCK.test(text)
}

function toJson(document: ReturnType<typeof parseDocument>): JsonValue {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true })
    return parseJson(stringifyJson(plain(value)))
  } catch (cause) {
    if (cause instanceof JsonSyntaxError) throw cause
    throw new JsonSyntaxError('yaml: document contains excessive aliasing', { cause })
  }
}

/** Maps become objects; what JSON does not have becomes text. */
function plain(value: unknown): JsonValue {
  if (value instanceof Map) {
    const object: JsonObject = {}
    for (const [key, member] of value) setKey(object, String(key), plain(member))
    return object
  }
  if (Array.isArray(value)) return value.map(plain)
  return (value ?? null) as JsonValue
}

function repeatedKeys(document: ReturnType<typeof parseDocument>): string[] {
  const complaints: string[] = []
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const text = String(key)
        if (seen.has(text)) complaints.push(`key ${stringifyJson(text)} already set in map`)
        seen.add(text)
      }
    },
  })
  return complaints
}

/** Go's parser names no line when it is the first. */
function yamlMessage({ code, pos, message }: YAMLParseError, lines: LineCounter): string {
  const text = GO_WORDS[code] ?? message
  const { line } = lines.linePos(pos[0])
  return line === 1 ? `yaml: ${text}` : `yaml: line ${line}: ${text}`
}
