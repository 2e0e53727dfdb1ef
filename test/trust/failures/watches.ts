import type { HttpRequest } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import type { Injections } from '../../support/injections.ts'
import { ANSWERS } from './answers.ts'
import { type Line, readLog } from './told.ts'

/** What the broker watches, and lists before that, by what the log calls it. */
const WATCHED: { name: string; view: string; resource: string }[] = [
  { name: 'watching objects', view: 'sources/acme', resource: 'things' },
  { name: 'watching Secrets', view: 'sources/acme', resource: 'secrets' },
  { name: 'watching copies', view: 'offers/alpha', resource: 'things' },
  { name: 'watching the copies’ Secrets', view: 'offers/alpha', resource: 'secrets' },
  { name: 'watching AcceptAPIs', view: 'offers/alpha', resource: 'acceptapis' },
  { name: 'watching Assignments', view: 'platform', resource: 'assignments' },
  { name: 'watching Migrations', view: 'platform', resource: 'migrations' },
]

/** What the operator was told of each watch with each answer. */
export type Watches = Map<string, Map<string, string>>

type Played = { injections: Injections; isBroker: (request: HttpRequest) => boolean; logFile: string }

/** Has all lists and watches of the broker answered so, one answer after the other, and reads what the log says of each. */
export async function playWatches({ injections, isBroker, logFile }: Played): Promise<Watches> {
  const isWatched = (request: HttpRequest) =>
    isBroker(request) &&
    request.method === 'GET' &&
    WATCHED.some(({ resource }) => request.path.endsWith(`/${resource}`))
  const told: Watches = new Map(WATCHED.map(({ name }) => [name, new Map()]))
  const whole = injections.open(isWatched)
  for (const [answer, injected] of Object.entries(ANSWERS)) {
    const before = (await readLog(logFile)).length
    const end = injections.add((request) => (isWatched(request) ? injected : undefined))
    injections.cut(isWatched)
    await waitFor(
      `all watches are told of with ${answer}`,
      async () => {
        const lines = (await readLog(logFile)).slice(before)
        for (const { name, view, resource } of WATCHED) {
          const said = lines.find(
            (line) => line.view === view && line.resource === resource && telling(answer).test(line.msg),
          )
          if (said !== undefined) told.get(name)?.set(answer, wordsOf(said))
        }
        return WATCHED.every(({ name }) => told.get(name)?.has(answer))
      },
      { timeoutMs: 60_000 },
    ).catch(() => undefined) // the table shows of which nothing was told
    for (const { name } of WATCHED) if (!told.get(name)?.has(answer)) told.get(name)?.set(answer, 'nothing')
    end()
    await waitFor('all watches are open again', async () => injections.open(isWatched) >= whole, { timeoutMs: 60_000 })
  }
  return told
}

/** A server that does not have the resource at all is told of when it was asked for a list, after the watch. */
const telling = (answer: string): RegExp => (answer.startsWith('404') ? /^not served here/ : /^watch interrupted/)

const wordsOf = ({ level, service, msg }: Line): string => `${level} by ${service}: ${msg}`
