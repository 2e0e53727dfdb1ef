import { stringifyJson } from '@resource-broker/json'

/** Why a text is no JSON, in the words of Go's encoding/json. Answers '' for one that is. */
export function goSyntaxError(text: string): string {
  const scanner = new Scanner(text)
  try {
    scanner.document()
    return ''
  } catch (error) {
    if (error instanceof Complaint) return error.message
    throw error
  }
}

class Complaint extends Error {}

/** Walks a document without recursion, as deep ones come here too. */
class Scanner {
  private at = 0
  private readonly text: string
  private readonly open: ('{' | '[')[] = []

  constructor(text: string) {
    this.text = text
  }

  document(): void {
    this.value()
    this.space()
    if (this.at < this.text.length) this.fail('after top-level value')
  }

  /** One value with all that is nested in it. */
  private value(): void {
    for (;;) {
      const opened = this.start()
      if (opened && !this.isEmpty()) {
        if (this.open.at(-1) === '{') this.key()
        continue
      }
      if (opened) this.open.pop()
      if (!this.next()) return
    }
  }

  /** Begins a value; true when it is a container. */
  private start(): boolean {
    this.space()
    const character = this.peek()
    if (character === '{' || character === '[') {
      this.open.push(character)
      this.at++
      return true
    }
    if (character === '"') this.string()
    else if (character === '-' || isDigit(character)) this.number()
    else this.literal(character)
    return false
  }

  private isEmpty(): boolean {
    this.space()
    const closing = this.open.at(-1) === '{' ? '}' : ']'
    if (this.peek() !== closing) return false
    this.at++
    return true
  }

  /** Goes on behind a finished value; false when nothing is open any more. */
  private next(): boolean {
    while (this.open.length > 0) {
      this.space()
      const inObject = this.open.at(-1) === '{'
      const character = this.peek()
      if (character === ',') {
        this.at++
        if (inObject) this.key()
        return true
      }
      if (character !== (inObject ? '}' : ']')) {
        this.fail(inObject ? 'after object key:value pair' : 'after array element')
      }
      this.at++
      this.open.pop()
    }
    return false
  }

  private key(): void {
    this.space()
    if (this.peek() !== '"') this.fail('looking for beginning of object key string')
    this.string()
    this.space()
    if (this.peek() !== ':') this.fail('after object key')
    this.at++
  }

  private string(): void {
    this.at++
    for (;;) {
      const character = this.peek()
      if (character === '"') break
      if (character === '\\') this.escape()
      else if (character < ' ') this.fail('in string literal')
      else this.at++
    }
    this.at++
  }

  private escape(): void {
    this.at++
    const character = this.peek()
    if (!'bfnrt\\/"u'.includes(character)) this.fail('in string escape code')
    this.at++
    if (character !== 'u') return
    for (let digit = 0; digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(this.peek())) this.fail('in \\u hexadecimal character escape')
      this.at++
    }
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++
    if (!isDigit(this.peek())) this.fail('in numeric literal')
    if (this.text[this.at] === '0') this.at++
    else this.digits()
    if (this.text[this.at] === '.') {
      this.at++
      if (!isDigit(this.peek())) this.fail('after decimal point in numeric literal')
      this.digits()
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++
      if (this.peek() === '+' || this.peek() === '-') this.at++
      if (!isDigit(this.peek())) this.fail('in exponent of numeric literal')
      this.digits()
    }
  }

  private digits(): void {
    while (isDigit(this.text[this.at] ?? '')) this.at++
  }

  private literal(first: string): void {
    const word = ['true', 'false', 'null'].find((each) => each[0] === first)
    if (word === undefined) this.fail('looking for beginning of value')
    for (const letter of word) {
      if (this.peek() !== letter) this.fail(`in literal ${word} (expecting '${letter}')`)
      this.at++
    }
  }

  private space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++
  }

  private peek(): string {
    const character = this.text[this.at]
    if (character === undefined) throw new Complaint('unexpected end of JSON input')
    return character
  }

  private fail(where: string): never {
    throw new Complaint(`invalid character ${quoted(this.peek())} ${where}`)
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}

/** As a Go rune literal. */
function quoted(character: string): string {
  if (character === "'") return String.raw`'\''`
  if (character === '"') return `'"'`
  return `'${stringifyJson(character)
    .slice(1, -1)
    .replace(/^\\u00/, '\\x')}'`
}
