import { readFile } from 'node:fs/promises'
import { AcceptAPI, type Condition } from '@resource-broker/api'
import type { ObjectRef } from '@resource-broker/kube'
import type { Site } from '../../support/landscape.ts'
import { read, type Thing, thingRef } from '../../support/things.ts'
import { WORDS } from './answers.ts'
import { keyIn, namespaceOf, type RequestKind, type Stage } from './requests.ts'

/** What people are told of one cell, in the order of the columns: without names, times and addresses, so that it is the same each time. */
export type Told = { owner: string[]; operator: string[] }

export type Line = {
  level: string
  msg: string
  service?: string
  key?: string
  err?: string | { message?: string }
  problems?: string
  resource?: string
  view?: string
}

/** A cell, and the object that it is played with. */
export type Cell = { kind: RequestKind; answer: string; name: string }

/** What was told until now in one cell. `log` is the broker's. */
export async function toldOf(stage: Stage, { kind, answer, name }: Cell, log: readonly Line[]): Promise<Told> {
  const { acme, alpha } = stage
  const [owner, ref] =
    kind.about === 'offer' ? [alpha, { ...AcceptAPI.resource, name }] : [acme, thingRef(name, namespaceOf(kind, name))]
  const object = await read<Thing>(owner, ref)
  const words = object === undefined ? ['the object is gone'] : (object.status?.conditions ?? []).flatMap(wordOf)
  const key = keyIn(kind, stage, name)
  const lines = latest(log.filter((line) => line.key === key)).flatMap(lineOf)
  return {
    // Where a condition tells, when its Event comes is a matter of chance; and so is what comes of what was done without an answer.
    owner:
      answer === UNANSWERED && lines.length > 0
        ? []
        : masked(words.length > 0 ? words : await eventsOn(owner, ref), name),
    operator: masked(
      lines.filter((line) => answer === UNANSWERED || !line.includes(LATE)),
      name,
    ),
  }
}

/** Of what is in the way the log has each state, of which the last is what remains. */
function latest(lines: Line[]): Line[] {
  const last = lines.findLast(({ problems }) => problems !== undefined)
  return lines.filter((line) => line.problems === undefined || line === last)
}

const UNANSWERED = 'performed, and not answered'
/** On a machine that is busy beyond measure other requests go without an answer too. */
const LATE = 'no answer within 10000 ms'

/** What is well is no telling. */
function wordOf({ type, status, reason, message }: Condition): string[] {
  const isWell = status === 'True' && reason !== 'PlacementFails'
  return isWell || reason === 'Deciding' ? [] : [`${type}=${status} ${reason}: ${message}`]
}

async function eventsOn(site: Site, { name, namespace = 'default' }: ObjectRef): Promise<string[]> {
  type Event = { involvedObject: { name: string }; type: string; reason: string }
  const { items } = await site.kube.list<Event>({ group: '', version: 'v1', resource: 'events', namespace })
  const own = items.filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning')
  return own.map(({ reason }) => `Event ${reason}`)
}

/** What the log says besides what goes well. */
function lineOf({ service, level, msg, err, problems }: Line): string[] {
  if (err === undefined && !['warn', 'error'].includes(level)) return []
  const why = problems ?? (typeof err === 'string' ? err : err?.message)
  return [`${level} by ${service}: ${msg}${why === undefined ? '' : `: ${why}`}`]
}

/** Each once. That a server which answered none of many is asked by one at a time is a matter of the other cells. */
function masked(texts: string[], name: string): string[] {
  const mask = (text: string) =>
    text
      .replaceAll(WORDS, '<the server’s words>')
      .replaceAll(name, '<name>')
      .replaceAll(/[0-9a-f]{12}-<name>/g, '<copy>')
      .replaceAll(/(GET|PUT|POST|PATCH|DELETE) https:\/\/\S+: aborted/g, '<request>: aborted')
      .replaceAll(/(GET|PUT|POST|PATCH|DELETE) https:\/\/\S+: no answer within 10000 ms/g, '<request>: no answer')
  return [...new Set(texts.filter((text) => !text.includes('the server answers nobody')).map(mask))].sort()
}

export async function readLog(file: string): Promise<Line[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))
}
