import { conditionTypes, getCondition, Migration } from '@resource-broker/api'
import { WORDS } from './answers.ts'
import type { RequestKind } from './request-kind.ts'
import { ASSIGNMENT, COPY, type FailureWorld, type Line, NAME, type Word } from './world.ts'

/** What people were told of one cell, in the order of the columns: without names, times and addresses, so that it is the same each time. */
export type Words = { owner: string[]; operator: string[] }
/** The same, and how long it took until the last of it was told, in whole seconds: undefined where nothing was. */
export type Told = Words & {
  /** Until the first of it was told, to whomever. */
  firstAfter?: number | undefined
  ownerAfter?: number | undefined
  operatorAfter?: number | undefined
}

/** What is told now in one cell; `since`: how many lines the log had before. */
export function wordsOf(world: FailureWorld, { about, isStaged }: RequestKind, since: number): Words {
  const onThing = () => wordsOnThing(world, isStaged === true)
  const owner = about === 'offer' ? wordsOnOffer(world) : about === 'records' ? [] : onThing()
  const lines = latest(world.log.slice(since)).flatMap(lineOf)
  const providers = ['alpha', 'beta'].flatMap((name) =>
    (world.provider(name)?.status?.conditions ?? []).flatMap(wordOf).map((word) => `Provider ${name}: ${word}`),
  )
  const moves = isStaged ? world.records(MIGRATIONS).flatMap(wordOnMove) : []
  return { owner: masked(owner), operator: masked([...lines, ...providers, ...moves]) }
}

const MIGRATIONS = `${Migration.resource.resource}.${Migration.resource.group}`

/** Where a move stands that has not ended well, and what it waits for. */
function wordOnMove(object: object): string[] {
  const { state, conditions } = Migration.of(object).status ?? {}
  const ready = getCondition(conditions, conditionTypes.ready)
  return ready === undefined || ready.status === 'True' ? [] : [`Migration ${state} ${ready.reason}: ${ready.message}`]
}

/** `isStaged`: where its move stands as well. */
function wordsOnThing(world: FailureWorld, isStaged: boolean): string[] {
  const object = world.thing()
  if (object === undefined) return ['the object is gone']
  const conditions = object.status?.conditions ?? []
  const words = conditions.flatMap((word) =>
    isStaged && word.type === conditionTypes.migrating
      ? [`Migrating=${word.status} ${word.reason}: ${word.message}`]
      : wordOf(word),
  )
  return words.length > 0 ? words : eventsOn(world, 'acme', NAME)
}

function wordsOnOffer(world: FailureWorld): string[] {
  const conditions = (world.offered('alpha', NAME)?.['status'] as { conditions?: Word[] } | undefined)?.conditions ?? []
  const words = conditions.flatMap(wordOf)
  return words.length > 0 ? words : eventsOn(world, 'alpha', NAME)
}

/** Of what is in the way the log has each state, of which the last is what remains. */
function latest(lines: Line[]): Line[] {
  const last = lines.findLast((line) => line['problems'] !== undefined)
  return lines.filter((line) => line['problems'] === undefined || line === last)
}

/** What is well, or only under way, is no telling. */
function wordOf({ type, status, reason, message }: Word): string[] {
  const isWell = status === 'True' && reason !== 'PlacementFails'
  const isUnderWay = reason === 'Deciding' || message.endsWith('is being bound for a trial')
  return isWell || isUnderWay ? [] : [`${type}=${status} ${reason}: ${message}`]
}

function eventsOn(world: FailureWorld, at: string, of: string): string[] {
  type Event = { involvedObject: { name: string }; type: string; reason: string }
  const events = world.all(at, 'events').map((object) => object as unknown as Event)
  const own = events.filter(({ involvedObject, type }) => involvedObject.name === of && type === 'Warning')
  return own.map(({ reason }) => `Event ${reason}`)
}

/** How the tests have a watch end. */
const CUT = 'the watch broke off'
/** How an API server refuses a write over another one's: several of the broker's services write conditions of one AcceptAPI. */
const MEANWHILE = 'the object has been modified'

/** What the log says besides what goes well. */
function lineOf({ service, level, msg, err, problems, request }: Line): string[] {
  if (err === undefined && !['warn', 'error'].includes(level)) return []
  const why = problems ?? request ?? (err instanceof Error ? err.message : err)
  if ([msg, String(why)].some((text) => text.endsWith(CUT) || text.endsWith(MEANWHILE))) return []
  return [`${level}${service === undefined ? '' : ` by ${service}`}: ${msg}${why === undefined ? '' : `: ${why}`}`]
}

/** Each once. */
function masked(texts: string[]): string[] {
  const mask = (text: string) =>
    text
      .replaceAll(WORDS, '<the server’s words>')
      .replaceAll(/(GET|PUT|POST|PATCH|DELETE) \S+: (aborted|no answer)/g, '<request>: $2')
      .replaceAll(/(GET|PUT|POST|PATCH|DELETE) \/\S+/g, '<request>')
      .replaceAll(/(usage|quota)-[0-9a-f]{32}/g, '<usage>')
      .replaceAll(/migration-[0-9a-f]{12,}/g, '<move>')
      .replaceAll(COPY, '<copy>')
      .replaceAll(ASSIGNMENT, '<assignment>')
      .replaceAll(new RegExp(`\\b${NAME}\\b`, 'g'), '<name>')
      .replaceAll(/since \d{4}-\S+Z/g, 'since <time>')
  return [...new Set(texts.map(mask))].sort()
}
