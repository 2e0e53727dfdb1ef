import { type Migration, Provider, providerName } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import type { Place } from '../server/objects.ts'
import { PROVIDERS, resources } from '../world/places.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { ask } from './ask.ts'

type Options = {
  time: VirtualTime
  platform: ApiServer
  random: SeededRandom
  isTroubled: () => boolean
  acts: (run: () => void) => void
  /** Undoes the last change of a provider's offer. */
  takeBack: (provider: string) => void
}

/** The longest that somebody takes to answer, in milliseconds. */
const ANSWERS_MS = 8_000
const COMMAND = /kubectl patch (provider|migration) (\S+) --type merge -p '(.*)'/

/** The records that the approver agrees at; elsewhere the broker makes them. */
export function makeProviders(platform: ApiServer): void {
  const { apiVersion, kind } = Provider
  for (const providerCluster of PROVIDERS) {
    const name = providerName(providerCluster)
    const place = { resource: resources.providers, name }
    ask(platform, 'POST', place, { apiVersion, kind, metadata: { name }, spec: { providerCluster } })
  }
}

/**
 * Somebody who reads that a Migration waits for a word. A while later they do what it says there, or agree with this one move alone, or have
 * the change of the offer taken back; as long as it says the same they come again.
 */
export function answerMoves({ time, platform, random, isTroubled, acts, takeBack }: Options): void {
  /** Of Migrations that are read already, by uid. */
  const read = new Set<string>()
  const answerSoon = (place: Place) => time.after(random.next() * ANSWERS_MS, () => acts(() => answer(place)))
  const answer = (place: Place) => {
    const migration = platform.find(place) as Migration | undefined
    const wait = waitOf(migration)
    if (migration === undefined || wait === undefined) return void read.delete(migration?.metadata.uid ?? '')
    const { cause } = migration.spec
    if (cause !== undefined && isTroubled() && random.chance(0.3)) takeBack(cause.providerCluster)
    else if (random.chance(0.3))
      ask(platform, 'PATCH', place, { spec: { approvals: [...(migration.spec.approvals ?? []), ...ALL] } })
    else obey(platform, wait)
    answerSoon(place)
  }
  platform.follow(({ type, place, entry }) => {
    if (place.resource !== resources.migrations || type === 'DELETED') return
    const migration = entry.object as unknown as Migration
    const { uid = '' } = migration.metadata
    if (read.has(uid) || waitOf(migration) === undefined) return
    read.add(uid)
    answerSoon(place)
  })
}

const ALL = [{ stage: 'start' }, { stage: 'switch' }]

/** What it says, if it waits for a word. */
function waitOf(migration: Migration | undefined): string | undefined {
  const ready = migration?.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.reason === 'AwaitingApproval' ? ready.message : undefined
}

function obey(platform: ApiServer, message: string): void {
  const [, kind, name = '', patch = ''] = COMMAND.exec(message) ?? []
  if (kind === undefined) throw new Error(`no command in "${message}"`)
  const resource = kind === 'provider' ? resources.providers : resources.migrations
  ask(platform, 'PATCH', { resource, name }, JSON.parse(patch))
}
