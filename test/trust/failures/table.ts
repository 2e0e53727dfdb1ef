import { ANSWERS } from './answers.ts'
import type { Failures } from './play.ts'
import type { RequestKind } from './requests.ts'
import type { Told } from './told.ts'

const HEAD = `<!-- Written by \`npm run exec -- node test/trust/failures/main.ts\` from what a broker on a sandbox said; test/trust/failures.test.ts compares. -->
# What is told when a server does not do what the broker asks

Each request of the broker was given each answer, again and again, and what people were told is below: in the object's conditions and Events to its
consumer, or for an AcceptAPI to its provider; in the log to the operator. A refusal is told at once, trouble that may pass after three seconds. Longer
take only a server that asks for patience (429: the broker's client has it for some six seconds first) and one that does not answer (ten seconds).
`

/** The table as docs/failures.md has it. */
export function tableOf({ cells, watches }: Failures): string {
  const rows = [...cells].map(([kind, told]) => sectionOf(kind, told))
  return [HEAD, ...rows, watchesOf(watches)].join('\n')
}

/** One cell as text: `nothing` is what no cell may be. */
export function textOf({ owner, operator }: Told): string {
  return owner.length + operator.length === 0 ? 'nothing' : `${listed(owner)} | ${listed(operator)}`
}

function sectionOf(kind: RequestKind, told: ReadonlyMap<string, Told>): string {
  const to = kind.about === 'offer' ? 'the provider' : 'the consumer'
  const head = [`## ${title(kind.name)}`, '', `Asked of the ${kind.at}.`, '']
  return [
    ...head,
    `| answer | ${to} reads | the operator reads |`,
    '| --- | --- | --- |',
    ...grouped(told, textOf),
    '',
  ].join('\n')
}

function watchesOf(watches: Failures['watches']): string {
  const head = ['## Lists and watches', '', 'The operator reads in the log, whatever the answer:', '']
  const rows = [...watches].flatMap(([name, told]) => grouped(told, (text) => text).map((row) => `| ${name} ${row}`))
  return [...head, '| asked for | answer | the operator reads |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

/** A row for all answers of which the same is told. */
function grouped<T>(told: ReadonlyMap<string, T>, text: (told: T) => string): string[] {
  const answers = Object.keys(ANSWERS).filter((answer) => told.has(answer))
  const byText = Map.groupBy(answers, (answer) => text(told.get(answer) as T))
  return [...byText].map(([words, of]) => `| ${of.join(', ')} | ${words} |`)
}

const listed = (texts: string[]): string => (texts.length === 0 ? '-' : texts.map((text) => `\`${text}\``).join('<br>'))

/** The heading of a request's section. */
export const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
