import { styleText } from 'node:util'

const WIDEST = 118
const TIME = 9
const PLACE = 12
const LABEL = 18

type Style = Parameters<typeof styleText>[0]

/** Writes the story for people: who, what, and how long after the step began. */
export class Teller {
  readonly #out: NodeJS.WriteStream
  readonly #names = new Map<string, string>()
  #began = performance.now()

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out
  }

  /** performance.now() at the beginning of this chapter or step. */
  get began(): number {
    return this.#began
  }

  /** From now on `name` is told where a message has `id`. */
  calls(id: string, name: string): void {
    if (id !== name) this.#names.set(id, name)
  }

  title(text: string): void {
    this.#write(this.#styled('bold', text))
  }

  /** Begins a part of the story; times count from here. */
  chapter(text: string): void {
    this.#began = performance.now()
    this.#write('', this.#styled('bold', text), '')
  }

  /** A line of its own, such as a command; never wrapped, so that it can be copied. */
  plain(text = ''): void {
    this.#write(text === '' ? '' : `  ${text}`)
  }

  /** Plain words without a time. */
  says(text: string): void {
    this.#write(...wrap(text, 2, this.#width, '  '))
  }

  /** Somebody does something at `place`. */
  does(place: string, text: string): void {
    this.#line(this.#since(performance.now()), place, `> ${text}`)
  }

  /** Something was checked at `place`; `at` is performance.now() of when it happened. */
  saw(place: string, text: string, at: number = performance.now()): void {
    this.#line(this.#since(at), place, `${this.#styled('green', '✓')} ${text}`)
  }

  /** What belongs to the line before; with a label in two columns. */
  detail(text: string, { label = '', at }: { label?: string; at?: number | undefined } = {}): void {
    const head = label === '' ? '' : `${label.padEnd(LABEL)} `
    this.#line(at === undefined ? '' : this.#since(at), '', `  ${head}${text}`, 2 + head.length)
  }

  failed(title: string, rows: Record<string, string>): void {
    this.#write('', this.#styled(['bold', 'red'], `✗ ${title}`))
    for (const [label, text] of Object.entries(rows))
      this.#write(...wrap(this.named(text), 12, this.#width, `  ${label.padEnd(10)}`))
  }

  /** A text in which people find the names that they know. */
  named(text: string): string {
    return [...this.#names].reduce((told, [id, name]) => told.replaceAll(id, name), text)
  }

  #since(at: number): string {
    return `${((at - this.#began) / 1000).toFixed(2)} s`
  }

  /** Time and place in columns, the text behind them; later lines of it are indented by `hang` more. */
  #line(time: string, place: string, text: string, hang = 2): void {
    const head = `${time.padStart(TIME)}  ${place.padEnd(PLACE)}`
    const [first = '', ...others] = wrap(this.named(text), head.length + hang, this.#width, head)
    this.#write(this.#styled('dim', first.slice(0, TIME)) + first.slice(TIME), ...others)
  }

  get #width(): number {
    return Math.min(this.#out.columns || WIDEST, WIDEST)
  }

  /** Plain where the stream takes no colours or NO_COLOR is set. */
  #styled(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out })
  }

  #write(...lines: string[]): void {
    this.#out.write(`${lines.join('\n')}\n`)
  }
}

/** `text` behind `head`, broken at spaces, later lines indented by `indent`. A word longer than a line stays whole. */
function wrap(text: string, indent: number, width: number, head: string): string[] {
  const lines: string[] = []
  let line = head
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && visible(line) + 1 + visible(word) > width) {
      lines.push(line)
      line = ' '.repeat(indent)
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

/** Columns that `text` takes without its colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const visible = (text: string): number => text.replaceAll(/\u001b\[\d+m/g, '').length
