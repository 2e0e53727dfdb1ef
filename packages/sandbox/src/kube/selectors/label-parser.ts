import { type Token, tokenize } from './label-tokens.ts'
import { checkKey, type Operator, type Requirement, requirement, SelectorError } from './requirement.ts'

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...{ in: 'in', notin: 'notin', '=': '=', '==': '==', '!=': '!=', '>': 'gt', '<': 'lt' },
}

/** Reads a label selector such as `a in (x,y), !b, c=d`; sorted by key. Throws SelectorError. */
export function parseRequirements(text: string): Requirement[] {
  const requirements = new Parser(text).parse()
  return requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

class Parser {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const { kind, text } = this.#peek()
      if (kind === 'end') return requirements
      if (kind !== 'identifier' && kind !== '!') {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`)
      }
      requirements.push(this.#wrapped())
      const next = this.#take()
      if (next.kind === 'end') return requirements
      if (next.kind !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (after.kind !== 'identifier' && after.kind !== '!') {
        throw new SelectorError(`found '${after.text}', expected: identifier after ','`)
      }
    }
  }

  /** Where keys and values stand, `in` and `notin` are words like others. */
  #peek(): Token {
    const token = this.#tokens[this.#position] ?? this.#tokens.at(-1)!
    return token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', text: token.text } : token
  }

  #take(): Token {
    const token = this.#peek()
    this.#position++
    return token
  }

  #wrapped(): Requirement {
    try {
      return this.#requirement()
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error
      throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error })
    }
  }

  #requirement(): Requirement {
    let token = this.#take()
    const negated = token.kind === '!'
    if (negated) token = this.#take()
    if (token.kind !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`)
    const key = token.text
    checkKey(key)
    const { kind } = this.#peek()
    if (negated) return requirement(key, '!', [])
    if (kind === 'end' || kind === ',') return requirement(key, 'exists', [])
    const operator = this.#operator()
    return requirement(key, operator, operator === 'in' || operator === 'notin' ? this.#set() : this.#value())
  }

  #operator(): Operator {
    const { kind, text } = this.#tokens[this.#position++]!
    const operator = Object.hasOwn(OPERATORS, kind) ? OPERATORS[kind] : undefined
    if (operator === undefined) {
      throw new SelectorError(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
    return operator
  }

  #value(): string[] {
    const { kind } = this.#peek()
    if (kind === 'end' || kind === ',') return ['']
    const { kind: taken, text } = this.#take()
    if (taken !== 'identifier') throw new SelectorError(`found '${text}', expected: identifier`)
    return [text]
  }

  #set(): string[] {
    const open = this.#take()
    if (open.kind !== '(') throw new SelectorError(`found '${open.text}' expected: '('`)
    const first = this.#peek()
    if (first.kind === ')') {
      this.#take()
      return ['']
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`)
    }
    const values = this.#values()
    if (this.#take().kind !== ')') throw new SelectorError(`found '${first.text}', expected: ')'`)
    return values
  }

  /** Nothing between commas or parentheses is the empty value. */
  #values(): string[] {
    const values: string[] = []
    for (;;) {
      const { kind, text } = this.#take()
      const next = this.#peek()
      if (kind === 'identifier') {
        values.push(text)
        if (next.kind === ')') return values
        if (next.kind !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or ')'`)
      } else if (kind === ',') {
        if (values.length === 0) values.push('')
        if (next.kind === ')') return [...values, '']
        if (next.kind !== ',') continue
        this.#take()
        values.push('')
      } else throw new SelectorError(`found '${text}', expected: ',', or identifier`)
    }
  }
}
