import { ANSWERS } from './answers.ts'
import type { Failures } from './play.ts'
import type { RequestKind } from './request-kind.ts'
import type { Told } from './told.ts'

/** Somebody is told of each failure by then, in seconds. */
export const PROMPT_S = 5

const HEAD = `<!-- Written by \`npm run exec -- node test/trust/failures/main.ts\` from what a broker said in worlds of virtual time; test/trust/failures.test.ts compares. -->
# What is told when a server does not do what the broker asks

Each request of the broker was given each answer, again and again, and what people were told is below: in the object's conditions and Events to its
consumer, or for an AcceptAPI to its provider; in the log, and in the Provider, to the operator. Each answer was played in a world of its own (docs/simulation.md): the
services, the watches and the Kubernetes client are the real ones, API servers, the bus and time are modelled. **after** is how many seconds, rounded up, passed between the
request and the last word of the cell; 0: it could be read already. The time is that of the broker's own timers and of requests that take ten milliseconds, so that it does not depend on the machine that
measured: a machine that is busy, and a server that takes long for what it does, add to it. Whatever happens, somebody is told within ${PROMPT_S} seconds. A
refusal is told at once, trouble that may pass after three seconds, a request without an answer to the operator after three seconds and to everybody else when it is given up, after ten.

The table has every request that a broker sends once it has begun; test/trust/requests.test.ts notes what one really sends, on clusters and in a kcp. What both send was played on plain
clusters. What only a broker in a kcp sends stands at the end, and was played in a model of a kcp (test/simulation/kcp) with one shard, one consumer and one provider, by the code
that opens a kcp in every broker and the one that makes its workspaces. What is asked of the compute cluster was played with a move of two stages that each run a Job: the consumer
reads there in \`Migrating\` where its move stands, and the operator in the Migration; in each case the object stays where it is, and is served from there, for as long as the stage does not come to its end. Beside those a broker asks at its start for the namespace by whose uid it knows a plain cluster
(test/trust/start.test.ts has what is told then).
`

/** The table as docs/failures.md has it. */
export function tableOf({ cells }: Failures): string {
  return [HEAD, ...[...cells].map(([kind, told]) => sectionOf(kind, told))].join('\n')
}

function sectionOf(kind: RequestKind, told: ReadonlyMap<string, Told>): string {
  const to = kind.about === 'offer' ? 'the provider' : 'the consumer'
  const head = [`## ${title(kind.name)}`, '', `Asked of the ${kind.at}: \`${requestOf(kind)}\`.`, '']
  const isOwned = kind.about !== 'records'
  const columns = ['answer', ...(isOwned ? [`${to} reads`, 'after'] : []), 'the operator reads', 'after']
  const rows = grouped(told, ({ owner, ownerAfter, operator, operatorAfter }) =>
    [...(isOwned ? [listed(owner), seconds(ownerAfter)] : []), listed(operator), seconds(operatorAfter)].join(' | '),
  )
  return [...head, `| ${columns.join(' | ')} |`, `|${' --- |'.repeat(columns.length)}`, ...rows, ''].join('\n')
}

function requestOf({ method, resource, subresource }: RequestKind): string {
  const words: Record<string, string> = { WATCH: 'GET, list and watch', DISCOVER: 'GET /apis/GROUP/VERSION' }
  return `${words[method] ?? method} ${resource}${subresource === undefined ? '' : `/${subresource}`}`.trim()
}

/** A row for all answers of which the same is told. */
function grouped(told: ReadonlyMap<string, Told>, text: (told: Told) => string): string[] {
  const answers = Object.keys(ANSWERS).filter((answer) => told.has(answer))
  const byText = Map.groupBy(answers, (answer) => text(told.get(answer) as Told))
  return [...byText].map(([words, of]) => `| ${of.join(', ')} | ${words} |`)
}

const listed = (texts: string[]): string => (texts.length === 0 ? '-' : texts.map((text) => `\`${text}\``).join('<br>'))
const seconds = (after: number | undefined): string => (after === undefined ? '-' : `${after} s`)
const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
