import { keyOfAssignment, QuotaUsage } from '@resource-broker/api'
import type { ApiServer, Change } from '../server/api-server.ts'
import type { StoredObject } from '../server/objects.ts'
import { aboutOf, CONSUMER, resources, type Servers, serverOf } from '../world/places.ts'
import { countedIn, quotasIn } from '../world/quotas.ts'
import { Violation } from '../world/violation.ts'
import type { VirtualTime } from '../world/virtual-time.ts'

type Options = { servers: Servers; time: VirtualTime; violated: (violation: Violation) => void }

/** For longer than that no request is on its way, nor a replica between what it heard and what it does. */
const IN_FLIGHT_MS = 30_000

/** Watches that no more is placed than quotas say, and nobody before who is older. */
export class QuotaChecks {
  readonly #options: Options
  /** When a quota last changed, milliseconds since the beginning. */
  readonly #changed = new Map<string, number>()

  constructor(options: Options) {
    this.#options = options
  }

  /** `byBroker`: a replica did it. */
  check(_server: ApiServer, { place, type, entry: { object }, before }: Change, byBroker: boolean): void {
    const { time } = this.#options
    const isNew = object.metadata.generation !== before?.object.metadata.generation
    if (place.resource === resources.quotas && time.elapsed > 0 && (isNew || type === 'DELETED'))
      this.#changed.set(place.name, time.elapsed)
    if (place.resource === resources.assignments && before === undefined && byBroker) this.#checkPlaced(object)
    if (place.resource === resources.quotaUsages && byBroker && type !== 'DELETED')
      this.#checkEntered(QuotaUsage.of(object), before && QuotaUsage.of(before.object))
  }

  /** What is over a quota was there before that was what it is. */
  #checkPlaced(assignment: StoredObject): void {
    const { servers } = this.#options
    const about = aboutOf(resources.assignments, assignment)
    const count = countedIn(servers).length
    for (const { metadata, spec } of this.#settled())
      if (count > spec.objects)
        this.#say('quota', `${about} is placed as number ${count}, ${metadata.name} lets in ${spec.objects}`, about)
  }

  /**
   * Who waited and has a place without being placed was let in: not above the quota, and not past somebody who is older. Of one that did not wait
   * somebody may believe, who was frozen for long, that it is placed still.
   */
  #checkEntered({ spec }: QuotaUsage, before: QuotaUsage | undefined): void {
    const { servers } = this.#options
    const { claims = {}, waiting = {} } = spec
    const quota = this.#settled().find(({ metadata }) => metadata.name === spec.quota)
    const placed = new Set(countedIn(servers).map(({ metadata }) => keyOfAssignment(metadata.name)))
    const line = before?.spec.waiting ?? {}
    const entered = Object.keys(line).filter((key) => claims[key]?.uid === line[key]?.uid && !placed.has(key))
    const count = Object.keys(claims).length
    if (quota === undefined || entered.length === 0) return
    if (count > quota.spec.objects)
      this.#say('quota', `${count} have a place, ${spec.quota} lets in ${quota.spec.objects}`)
    for (const key of entered) {
      const since = line[key]?.since ?? ''
      const passed = Object.values(waiting).filter((other) => other.since < since)
      if (passed.length > Math.max(0, quota.spec.objects - count))
        this.#say('quota-line', `${key} enters before ${passed.map(({ name }) => name)}`)
    }
  }

  /** Those of which every replica must have heard what they say now. */
  #settled() {
    const { servers, time } = this.#options
    const since = ({ metadata }: { metadata: { name: string } }) =>
      time.elapsed - (this.#changed.get(metadata.name) ?? Number.NEGATIVE_INFINITY)
    return quotasIn(servers).filter((quota) => since(quota) >= IN_FLIGHT_MS)
  }

  #say(rule: string, message: string, about?: string): void {
    this.#options.violated(new Violation(rule, message, about))
  }
}

/** How many more of the consumer's objects the quotas let in. */
export function roomUnderQuotas(servers: Servers): number {
  const count = countedIn(servers).length
  return Math.min(...quotasIn(servers).map(({ spec }) => spec.objects - count), Number.POSITIVE_INFINITY)
}

/** What of the records of places is not as it should be after everything had the time to settle: each says who is placed, and who waits is there. */
export function unsettledQuotas(servers: Servers): Violation[] {
  const counted = countedIn(servers).map(({ metadata }) => keyOfAssignment(metadata.name))
  const names = new Set(quotasIn(servers).map(({ metadata }) => metadata.name))
  const sources = serverOf(servers, CONSUMER).all(resources.things)
  const live = new Set(sources.map(({ object }) => object.metadata.uid))
  const usages = serverOf(servers, 'platform').all(resources.quotaUsages)
  return usages.flatMap(({ object }) => {
    const { quota, claims = {}, waiting = {} } = QuotaUsage.of(object).spec
    const say = (message: string) => [new Violation('quota-record', `the record of ${quota} ${message}`)]
    if (!names.has(quota)) return say('is there, and counts for nobody')
    const has = Object.keys(claims)
    if (has.toSorted().join() !== counted.toSorted().join())
      return say(`has the places ${has}, and placed are ${counted}`)
    const gone = Object.values(waiting).filter(({ uid }) => !live.has(uid))
    const both = Object.keys(waiting).filter((key) => claims[key] !== undefined)
    return gone.length + both.length > 0 ? say(`has ${[...gone.map(({ name }) => name), ...both]} wait`) : []
  })
}
