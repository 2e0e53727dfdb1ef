import type { JsonValue } from '../objects.ts'

/** A step of a JSONPath as k8s.io/client-go/util/jsonpath understands it. */
export type PathNode =
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  | { kind: 'slice'; from: number | undefined; to: number | undefined; step: number | undefined; single: boolean }
  | { kind: 'union'; paths: readonly (readonly PathNode[])[] }
  | { kind: 'filter'; left: readonly PathNode[]; operator: string; right: readonly PathNode[] }
  | { kind: 'literal'; value: JsonValue }

/** A path that cannot be read. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError'
}

/** Reads a path such as `.spec.ports[?(@.name=="web")].port`. Throws JsonPathError. */
export function parseJsonPath(text: string): PathNode[] {
  return new Parser(text).parse()
}

const FIELD = /(?:\\.|[^\\ \t\r\n.,[\]$@{}])*/sy
const NUMBER = /[+-]?[\d.]*/y
const WORD = /[^ \t\r\n.,[\]$@{}]+/y
const QUOTED = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y
const FILTER = /\[\?\(((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^)'"\n])*)\)\]/y
const BRACKET = /\[([^\]\n]*)\]/y
const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/
const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+?)$/

class Parser {
  readonly #text: string
  readonly #nodes: PathNode[] = []
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): PathNode[] {
    while (this.#position < this.#text.length) this.#step()
    return this.#nodes
  }

  #step(): void {
    const rest = this.#text.slice(this.#position)
    const [first = ''] = rest
    if (rest.startsWith('[?(')) this.#filter()
    else if (rest.startsWith('..')) this.#recursive()
    else if (' @$'.includes(first)) this.#position++
    else if (first === '[') this.#bracket()
    else if (first === '"' || first === "'") this.#quoted()
    else if (first === '.') {
      this.#position++
      this.#field()
    } else if (/[-+\d]/.test(first)) this.#number()
    else this.#word()
  }

  #take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#position
    const match = pattern.exec(this.#text)
    if (match === null) throw new JsonPathError(`unreadable path ${this.#text}`)
    this.#position += match[0].length
    return match
  }

  #field(): void {
    const [name] = this.#take(FIELD)
    this.#nodes.push(name === '*' ? { kind: 'wildcard' } : { kind: 'field', name: name.replaceAll('\\', '') })
  }

  #recursive(): void {
    if (this.#nodes.at(-1)?.kind === 'recursive') throw new JsonPathError('invalid multiple recursive descent')
    this.#position += 2
    this.#nodes.push({ kind: 'recursive' })
    if (/[\p{L}\d_]/u.test(this.#text[this.#position] ?? '')) this.#field()
  }

  #quoted(): void {
    const [text] = this.#take(QUOTED)
    this.#nodes.push({ kind: 'literal', value: text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') })
  }

  #number(): void {
    const [text] = this.#take(NUMBER)
    const value = Number(text)
    if (Number.isNaN(value)) throw new JsonPathError(`cannot parse number in ${this.#text}`)
    this.#nodes.push({ kind: 'literal', value })
  }

  #word(): void {
    const [word] = this.#take(WORD)
    if (word !== 'true' && word !== 'false') throw new JsonPathError(`unrecognized identifier ${word}`)
    this.#nodes.push({ kind: 'literal', value: word === 'true' })
  }

  #filter(): void {
    const [, condition = ''] = this.#take(FILTER)
    const [, left, operator = '', right = ''] = COMPARISON.exec(condition) ?? []
    this.#nodes.push(
      left === undefined
        ? { kind: 'filter', left: parseJsonPath(condition), operator: 'exists', right: [] }
        : { kind: 'filter', left: parseJsonPath(left), operator, right: parseJsonPath(right) },
    )
  }

  #bracket(): void {
    const [, inside = ''] = this.#take(BRACKET)
    const parts = inside.split(',')
    const quoted = /^'([^']*)'$/.exec(inside)
    if (parts.length > 1) {
      this.#nodes.push({ kind: 'union', paths: parts.map((part) => parseJsonPath(`[${part.trim()}]`)) })
    } else if (quoted !== null) this.#nodes.push(...parseJsonPath(`.${quoted[1]}`))
    else this.#nodes.push(sliceOf(inside === '*' ? ':' : inside))
  }
}

function sliceOf(text: string): PathNode {
  const match = SLICE.exec(text)
  if (match === null) throw new JsonPathError(`invalid array index ${text}`)
  const [, from = '', to, step] = match
  const number = (part: string | undefined) =>
    part === undefined || part === '' || part === ':' ? undefined : Number(part.replace(':', ''))
  return { kind: 'slice', from: number(from), to: number(to), step: number(step), single: to === undefined }
}
