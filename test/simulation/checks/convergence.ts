import { isDeepStrictEqual } from 'node:util'
import { type Assignment, annotations, finalizer, reasons } from '@resource-broker/api'
import { isOffered } from '../actors/offers.ts'
import type { StoredObject } from '../server/objects.ts'
import { standingIn } from '../world/orders.ts'
import {
  aboutOf,
  assignmentsIn,
  CONSUMER,
  consumerUIDOf,
  copiesIn,
  NAMESPACE,
  PROVIDERS,
  resources,
  type Servers,
  serverOf,
} from '../world/places.ts'
import { Violation } from '../world/violation.ts'
import { roomUnderQuotas, unsettledQuotas } from './quotas.ts'

type Around = {
  servers: Servers
  capacityOf: (provider: string) => number | undefined
  /** Providers that nobody can reach: they take nothing, and what they have stays. */
  away: ReadonlySet<string>
}

/** What is not as it should be after everything had the time to settle. */
export function unsettled(around: Around): Violation[] {
  const { servers } = around
  const sources = serverOf(servers, CONSUMER)
    .all(resources.things)
    .map(({ object }) => object)
  const assignments = assignmentsIn(servers)
  return [
    ...sources.flatMap((source) => judgeSource(around, source, assignments)),
    ...orphans(around, sources, assignments),
    ...unsettledQuotas(servers),
    ...runningMoves(around)
      .filter((move) => !waitsForItsCopy(around, move, assignments))
      .map(
        (move) =>
          new Violation(
            'migration-runs',
            `Migration ${move.metadata.name} did not come to an end`,
            aboutOf(resources.migrations, move),
          ),
      ),
  ]
}

function runningMoves({ servers }: Around): StoredObject[] {
  const all = serverOf(servers, 'platform').all(resources.migrations)
  return all.map(({ object }) => object).filter(isRunning)
}

const isOf = ({ spec }: StoredObject, { metadata }: Assignment): boolean =>
  (spec as { assignmentUID?: string }).assignmentUID === metadata.uid

function isRunning({ status }: StoredObject): boolean {
  return !['CutoverCompleted', 'Failed', 'RolledBack'].includes((status as { state?: string })?.state ?? '')
}

/** A move that has switched already, to a provider that is away since: only the platform can say that it will not come back. */
function waitsForItsCopy({ away }: Around, { spec }: StoredObject, assignments: Assignment[]): boolean {
  const { assignmentUID, to } = spec as { assignmentUID?: string; to: { providerCluster: string } }
  const assignment = assignments.find(({ metadata }) => metadata.uid === assignmentUID)
  return away.has(to.providerCluster) && assignment?.spec.providerCluster === to.providerCluster
}

function judgeSource(around: Around, source: StoredObject, assignments: Assignment[]): Violation[] {
  const { name, uid, deletionTimestamp } = source.metadata
  const assignment = assignments.find(({ spec }) => spec.uid === uid)
  const earlier = assignment === undefined ? assignments.find(({ spec }) => spec.name === name) : undefined
  const isHeld = isHeldUp(around, assignment ?? earlier) || namesAway(around, source) || waitsUnrecorded(around, source)
  if (deletionTimestamp !== undefined && isHeld) return []
  if (deletionTimestamp !== undefined)
    return [new Violation('not-released', `${name} is being deleted, and held`, name)]
  const { size } = source['spec'] as { size: number }
  const present = PROVIDERS.filter((provider) => !around.away.has(provider))
  const takers = present.filter((provider) => isOffered(serverOf(around.servers, provider), size))
  const open = takers.filter((provider) => standingIn(around.servers, provider) === 'open')
  const withRoom = open.filter((provider) => hasRoom(around, provider, assignments))
  if (assignment === undefined && isHeldUp(around, earlier)) return judgeWaiting(around, source)
  if (assignment === undefined && withRoom.length > 0 && roomUnderQuotas(around.servers) <= 0)
    return judgeInLine(source)
  if (assignment === undefined)
    return withRoom.length === 0
      ? []
      : [new Violation('not-placed', `${name} (size ${size}) has no provider, and ${withRoom} would take it`, name)]
  const { providerCluster, copies } = assignment.spec
  const found: Violation[] = []
  const untried = withRoom.filter((provider) => !failedBefore(around.servers, source, assignment, provider))
  const isMoveHeld = runningMoves(around).some(
    (move) => isOf(move, assignment) && waitsForItsCopy(around, move, assignments),
  )
  const isKept = takers.includes(providerCluster as never) && standingIn(around.servers, providerCluster) !== 'draining'
  if (!isKept && untried.length > 0 && !isMoveHeld)
    found.push(
      new Violation(
        'misplaced',
        `${name} (size ${size}) is at ${providerCluster}, which does not keep it, and ${untried} would take it`,
        name,
      ),
    )
  if (copies !== undefined && !around.away.has(providerCluster))
    found.push(new Violation('copies-left', `the Assignment of ${name} asks for further copies`, name))
  if (!source.metadata.finalizers?.includes(finalizer))
    found.push(new Violation('unguarded', `${name} has no finalizer`, name))
  return [...found, ...judgeCopy(around, source, providerCluster, takers.includes(providerCluster as never))]
}

/** It reads that it is not synced, by a provider that is away: a copy was seen there last, and the word that it went was lost with the streams. */
function namesAway({ away }: Around, { status }: StoredObject): boolean {
  const synced = conditionsOf(status).find(({ type }) => type === 'Synced')
  return synced?.status === 'False' && [...away].some((provider) => synced.message.includes(provider))
}

/** Its Assignment went by hand, the provider that it was at is away, and an Event says that it waits for that. */
function waitsUnrecorded({ servers, away }: Around, { metadata }: StoredObject): boolean {
  const events = serverOf(servers, CONSUMER).all('events')
  return events.some(({ object }) => {
    const { reason, message, involvedObject } = object as StoredObject & Event
    return (
      involvedObject.uid === metadata.uid &&
      reason === 'NotReleased' &&
      [...away].some((provider) => message.includes(provider))
    )
  })
}

type Event = { reason: string; message: string; involvedObject: { uid: string } }

const conditionsOf = (status: unknown) =>
  ((status ?? {}) as { conditions?: { type: string; status: string; message: string }[] }).conditions ?? []

/** What an earlier object of the name had is at a provider that is away: nothing is made before it is known to be gone, and that is told. */
function judgeWaiting({ away }: Around, { metadata: { name }, status }: StoredObject): Violation[] {
  const synced = conditionsOf(status).find(({ type }) => type === 'Synced')
  const words = synced?.status === 'False' ? synced.message : ''
  if (words.startsWith('waiting') && [...away].some((provider) => words.includes(provider))) return []
  return [
    new Violation(
      'untold',
      `${name} waits for ${[...away]}, and reads Synced=${synced?.status}: ${synced?.message}`,
      name,
    ),
  ]
}

/** No quota has a place for it, and that is told. */
function judgeInLine({ metadata: { name }, status }: StoredObject): Violation[] {
  const placed = conditionsOf(status).find(({ type }) => type === 'Placed') as { reason?: string } | undefined
  if (placed?.reason === reasons.quotaExceeded) return []
  return [new Violation('untold', `${name} waits for a quota, and reads ${JSON.stringify(placed)}`, name)]
}

/** A move of this generation that failed is not begun again while its record stands. */
function failedBefore(servers: Servers, source: StoredObject, { metadata }: Assignment, provider: string): boolean {
  return serverOf(servers, 'platform')
    .all(resources.migrations)
    .some(({ object }) => {
      const { assignmentUID, to } = object['spec'] as { assignmentUID?: string; to: { providerCluster: string } }
      const { state = '' } = (object['status'] ?? {}) as { state?: string }
      return (
        assignmentUID === metadata.uid &&
        to.providerCluster === provider &&
        ['Failed', 'RolledBack'].includes(state) &&
        object.metadata.annotations?.[annotations.consumerGeneration] === String(source.metadata.generation)
      )
    })
}

function hasRoom({ capacityOf }: Around, provider: string, assignments: Assignment[]): boolean {
  const capacity = capacityOf(provider)
  return capacity === undefined || assignments.filter(({ spec }) => spec.providerCluster === provider).length < capacity
}

/** Its copy is at a provider that is away, as far as anybody knows. */
function isHeldUp({ away }: Around, assignment: Assignment | undefined): boolean {
  const { spec, status } = assignment ?? {}
  const copies = [...(spec === undefined ? [] : [spec]), ...(spec?.copies ?? []), ...(status?.copies ?? [])]
  return copies.some(({ providerCluster }) => away.has(providerCluster))
}

function judgeCopy({ servers, away }: Around, source: StoredObject, provider: string, accepts: boolean): Violation[] {
  const { name, uid } = source.metadata
  const all = copiesIn(servers, uid).filter((there) => !away.has(there.provider))
  const found: Violation[] = []
  const copy = all.find((there) => there.provider === provider)?.copy
  if (all.length > 1)
    found.push(new Violation('doubled', `${name} has copies at ${all.map((there) => there.provider)}`, name))
  if (!accepts) return found // it keeps what it had, or has nothing if it never took it
  if (copy === undefined) return [...found, new Violation('no-copy', `${provider} has no copy of ${name}`, name)]
  if (!isDeepStrictEqual(copy['spec'], source['spec']))
    found.push(new Violation('stale-copy', `the copy of ${name} at ${provider} is not what ${name} is now`, name))
  const [its, told] = [copy, source].map(
    ({ status }) =>
      status as { status?: string; conditions?: { type: string; status: string; message: string }[] } | undefined,
  )
  if (its?.status !== told?.status)
    found.push(
      new Violation('stale-status', `${name} reads ${told?.status}, and ${provider} says ${its?.status}`, name),
    )
  const synced = told?.conditions?.find(({ type }) => type === 'Synced')
  if (synced?.status !== 'True')
    found.push(new Violation('not-synced', `${name} has Synced=${synced?.status}: ${synced?.message}`, name))
  return [...found, ...judgeSecret(servers, source, copy, provider)]
}

function judgeSecret(servers: Servers, source: StoredObject, copy: StoredObject, provider: string): Violation[] {
  const secretOf = (server: string, of: string) =>
    serverOf(servers, server).find({ resource: resources.secrets, namespace: NAMESPACE, name: `${of}-credentials` })
  const its = secretOf(provider, copy.metadata.name)
  const ours = secretOf(CONSUMER, source.metadata.name)
  if (its === undefined || isDeepStrictEqual(its['data'], ours?.['data'])) return []
  return [
    new Violation(
      'stale-secret',
      `the Secret of ${source.metadata.name} is not what ${provider} gave`,
      source.metadata.name,
    ),
  ]
}

function orphans(around: Around, sources: StoredObject[], assignments: Assignment[]): Violation[] {
  const { servers, away } = around
  const live = new Set(sources.map(({ metadata }) => metadata.uid))
  const copies = copiesIn(servers).filter(
    ({ provider, copy }) => !away.has(provider) && !live.has(consumerUIDOf(copy) ?? ''),
  )
  const records = assignments.filter((assignment) => !live.has(assignment.spec.uid) && !isHeldUp(around, assignment))
  return [
    ...copies.map(
      ({ provider, copy }) =>
        new Violation(
          'orphan',
          `${provider} has a copy of ${aboutOf(resources.things, copy)}, which is gone`,
          aboutOf(resources.things, copy),
        ),
    ),
    ...records.map(
      ({ spec }) =>
        new Violation('record-left', `the Assignment of ${spec.name} is there, and ${spec.name} is gone`, spec.name),
    ),
  ]
}
