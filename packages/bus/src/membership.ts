import { createHash } from 'node:crypto'
import type { NatsConnection, Subscription } from '@nats-io/transport-node'
import { listen } from './listen.ts'

export type MembershipOptions = {
  subject: string
  /** Unique to this replica. */
  id: string
  /** Called when the set of live replicas changed. */
  changed: () => void
  heartbeatMs?: number
  now?: () => number
}

/** Heartbeats that may be missed before a replica counts as gone. */
const MISSED_HEARTBEATS = 4

/**
 * Who of the replicas of a service lives, by heartbeats over core NATS. A replica that hears nobody counts itself alone: work
 * is then done twice for a while, never by no one.
 */
export class Membership {
  readonly #connection: NatsConnection
  readonly #options: Required<MembershipOptions>
  readonly #seen = new Map<string, number>()
  readonly #subscription: Subscription
  readonly #timer: NodeJS.Timeout
  #lastBeat: number

  constructor(connection: NatsConnection, options: MembershipOptions) {
    this.#connection = connection
    this.#options = { heartbeatMs: 1_000, now: Date.now, ...options }
    this.#lastBeat = this.#options.now()
    this.#subscription = listen(connection, options.subject, (message) => this.#hear(message.string()))
    this.#timer = setInterval(() => this.#beat(), this.#options.heartbeatMs).unref()
    this.#beat()
  }

  /** The live replicas, this one among them, sorted. */
  get members(): string[] {
    return [this.#options.id, ...this.#seen.keys()].sort()
  }

  /**
   * Those of `items` that are this replica's. Every replica gets as many as the others, give or take one; of those with
   * room left an item goes to the one of the highest random weight, so that little moves when a replica or an item comes or goes.
   */
  shareOf(items: Iterable<string>): Set<string> {
    const sorted = [...items].sort()
    const members = this.members
    const room = new Map(members.map((member, index) => [member, roomOf(index, sorted.length, members.length)]))
    const owner = (item: string) => {
      const weight = (member: string) => createHash('sha256').update(`${member}\n${item}`).digest('hex')
      const open = members.filter((member) => (room.get(member) ?? 0) > 0)
      return open.reduce((best, member) => (weight(member) > weight(best) ? member : best))
    }
    const mine = new Set<string>()
    for (const item of sorted) {
      const chosen = owner(item)
      room.set(chosen, (room.get(chosen) ?? 0) - 1)
      if (chosen === this.#options.id) mine.add(item)
    }
    return mine
  }

  /** Whether the `number`th of many equal things is this replica's, each replica having as many as the others, give or take one. */
  readonly share = (number: number): boolean => this.members[number % this.members.length] === this.#options.id

  /** Says goodbye, so that the others take over at once. */
  stop(): void {
    clearInterval(this.#timer)
    if (!this.#connection.isClosed()) this.#connection.publish(this.#options.subject, `-${this.#options.id}`)
    this.#subscription.unsubscribe()
  }

  #beat(): void {
    if (this.#connection.isClosed() || this.#connection.isDraining()) return
    this.#connection.publish(this.#options.subject, `+${this.#options.id}`)
    const now = this.#options.now()
    const late = now - this.#lastBeat > 2 * this.#options.heartbeatMs
    this.#lastBeat = now
    if (late) return // this process stood still: what the others said meanwhile has yet to be read
    const oldest = now - MISSED_HEARTBEATS * this.#options.heartbeatMs
    const gone = [...this.#seen].filter(([, seen]) => seen < oldest)
    for (const [id] of gone) this.#seen.delete(id)
    if (gone.length > 0) this.#options.changed()
  }

  #hear(text: string): void {
    const [sign, id] = [text[0], text.slice(1)]
    if (id === this.#options.id) return
    const known = this.#seen.has(id)
    if (sign === '+') this.#seen.set(id, this.#options.now())
    else this.#seen.delete(id)
    if (known === (sign === '+')) return
    if (sign === '+') this.#connection.publish(this.#options.subject, `+${this.#options.id}`)
    this.#options.changed()
  }
}

/** How many of `items` the member at `index` takes. */
function roomOf(index: number, items: number, members: number): number {
  return Math.floor(items / members) + (index < items % members ? 1 : 0)
}
