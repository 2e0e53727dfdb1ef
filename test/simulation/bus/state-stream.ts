import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'

/** As JetStream stores it: what its client would hand over. */
export type StoredMessage = {
  subject: string
  seq: number
  data: Uint8Array
  object: string | undefined
  version: string
  tombstone: boolean
  info: { timestampNanos: number }
}
type Delivered = StoredMessage & { info: { timestampNanos: number; deliverySequence: number } }

/** Whoever asks for the messages of one partition for one service. */
export type Member = { process: Process; deliver: (message: Delivered) => void; unpinned: () => void }

/** The server drops a repetition for so long. */
const DUPLICATE_WINDOW_MS = 20_000
/** Who stopped asking for messages is sent those of the request that is under way for so long, and loses its pin later. */
const PULL_EXPIRES_MS = 4_000
const PIN_TIMEOUT_MS = 6_000

type Options = {
  time: VirtualTime
  random: SeededRandom
  delay: () => number
  handedOver: (subscription: string) => void
}

/** The stream of the last message of each subject, with the pinned subscriptions that read it. */
export class SimulatedStream {
  readonly #options: Options
  readonly #last = new Map<string, StoredMessage>()
  readonly #ids = new Map<string, { seq: number; at: number }>()
  #subscriptions = new Map<string, Subscription>()
  readonly #lost = new Set<{ process: Process; listener: () => void }>()
  #seq = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Stores a message, unless the same was stored a while ago, or it was to come `after` another than is there. */
  store(
    message: Omit<StoredMessage, 'seq' | 'info'>,
    id: string | undefined,
    after: number | undefined,
  ): { seq: number; duplicate: boolean } | 'refused' {
    const { time } = this.#options
    const known = id === undefined ? undefined : this.#ids.get(id)
    if (known !== undefined && known.at + DUPLICATE_WINDOW_MS > time.now) return { seq: known.seq, duplicate: true }
    if (after !== undefined && (this.#last.get(message.subject)?.seq ?? 0) !== after) return 'refused'
    const seq = ++this.#seq
    if (id !== undefined) this.#ids.set(id, { seq, at: time.now })
    const stored = { ...message, seq, info: { timestampNanos: time.now * 1_000_000 } }
    this.#last.delete(message.subject)
    this.#last.set(message.subject, stored)
    for (const subscription of this.#subscriptions.values()) subscription.offer(stored)
    return { seq, duplicate: false }
  }

  /** The last message of each subject that `matches`, in the order of their sequence. */
  last(matches: (subject: string) => boolean, after = 0): StoredMessage[] {
    return [...this.#last.values()].filter(({ subject, seq }) => seq > after && matches(subject))
  }

  /** Asks for messages from now on. */
  join(name: string, matches: (subject: string) => boolean, member: Member): void {
    const known = this.#subscriptions.get(name)
    const subscription =
      known ?? new Subscription(name, matches, this.#seq, this.#options, (after) => this.last(matches, after))
    this.#subscriptions.set(name, subscription)
    subscription.join(member)
  }

  leave(name: string, member: Member): void {
    this.#subscriptions.get(name)?.leave(member)
  }

  /** Takes the pin from whoever has it, as the server does when that one is silent. */
  unpin(name: string): void {
    this.#subscriptions.get(name)?.unpin()
  }

  get subscriptions(): string[] {
    return [...this.#subscriptions.keys()]
  }

  onLost(process: Process, listener: () => void): void {
    this.#lost.add({ process, listener })
  }

  /** Everything that the stream held and knew goes. */
  wipe(): void {
    const { time, delay } = this.#options
    this.#last.clear()
    this.#ids.clear()
    for (const subscription of this.#subscriptions.values()) subscription.end()
    this.#subscriptions = new Map()
    this.#seq = Math.floor(time.now * 1_000) // as a stream begins that is made anew
    for (const { process, listener } of this.#lost) time.after(1_000 + delay(), listener, process)
  }

  /** A process stopped asking, by a crash or a freeze. */
  silent(process: Process): void {
    for (const subscription of this.#subscriptions.values()) subscription.silent(process)
  }
}

/** One durable pinned subscription: its messages go to one member at a time. */
class Subscription {
  readonly #name: string
  readonly #matches: (subject: string) => boolean
  readonly #options: Options
  readonly #held: (after: number) => StoredMessage[]
  readonly #members = new Set<Member>()
  readonly #due = new Map<Member, number>()
  #pinned: Member | undefined
  /** Whether the pinned one asks no more. */
  #isSilent = false
  #cursor: number
  #delivered = 0

  constructor(
    name: string,
    matches: (subject: string) => boolean,
    from: number,
    options: Options,
    held: (after: number) => StoredMessage[],
  ) {
    this.#name = name
    this.#matches = matches
    this.#cursor = from
    this.#options = options
    this.#held = held
  }

  join(member: Member): void {
    this.#members.add(member)
    this.#flush()
  }

  leave(member: Member): void {
    this.#members.delete(member)
    if (this.#pinned !== member) return
    this.#isSilent = true
    this.#options.time.after(PIN_TIMEOUT_MS, () => this.#pinned === member && this.unpin())
  }

  /** It is deleted with its stream. */
  end(): void {
    this.#members.clear()
    this.#pinned = undefined
  }

  offer(message: StoredMessage): void {
    if (this.#matches(message.subject)) this.#flush()
  }

  unpin(): void {
    if (this.#pinned === undefined) return
    this.#pinned = undefined
    this.#isSilent = false
    this.#options.handedOver(this.#name)
    for (const member of this.#members) this.#send(member, () => member.unpinned())
    this.#flush()
  }

  silent(process: Process): void {
    for (const member of this.#members) if (member.process === process && process.isDead) this.#members.delete(member)
    const pinned = this.#pinned
    if (pinned?.process !== process) return
    const { time } = this.#options
    time.after(process.isDead ? 0 : PULL_EXPIRES_MS, () => {
      if (this.#pinned === pinned && process.state !== 'running') this.#isSilent = true
    })
    time.after(PIN_TIMEOUT_MS, () => {
      if (this.#pinned === pinned && process.state !== 'running') this.unpin()
      else if (this.#pinned === pinned) this.#isSilent = false
      this.#flush()
    })
  }

  #flush(): void {
    for (const message of this.#held(this.#cursor)) {
      const member = this.#choose()
      if (member === undefined) return
      this.#cursor = message.seq
      const info = { ...message.info, deliverySequence: ++this.#delivered }
      this.#send(member, () => member.deliver({ ...message, info }))
    }
  }

  #choose(): Member | undefined {
    if (this.#pinned !== undefined) return this.#isSilent ? undefined : this.#pinned
    const ready = [...this.#members].filter(({ process }) => process.state === 'running')
    if (ready.length === 0) return undefined
    this.#pinned = this.#options.random.pick(ready)
    return this.#pinned
  }

  /** In order to one member, at its own pace. */
  #send(member: Member, arrive: () => void): void {
    const { time, delay } = this.#options
    const due = Math.max(this.#due.get(member) ?? 0, time.elapsed + delay())
    this.#due.set(member, due)
    time.after(due - time.elapsed, () => this.#members.has(member) && arrive(), member.process)
  }
}
