import { compareMessages, isOlder } from './compare-messages.ts'
import type { Part } from './layout.ts'
import type { Messages } from './messages.ts'
import type { Snapshot } from './snapshots.ts'

/** What the stream delivered last, or what an API server answered since; `seq` is of the last delivery. */
type Known = { seq: number; snapshot: Snapshot } | { seq: number; learned: Messages[Part]; learnedAt: number }

/** A message of the stream that a part is known by, for whoever traces: `storedAt` in milliseconds since 1970. */
export type Told = { part: string; seq: number; storedAt: number; traceparent: string | undefined }

/**
 * A learned answer yields to any message of the stream after this time: long enough for the watch to come round. One that was away
 * meanwhile may never do: who is known by an answer alone for as long is asked for again.
 */
export const LEARNED_FOR_MS = 10_000

/** What is known of one key, part by part. Reading parses and validates; @throws {TerminalError} naming the part on bad data. */
export class KeyView {
  readonly #parts = new Map<string, Known>()

  /** The message of an unqualified part, or of one qualifier. */
  get<P extends Part>(part: P, qualifier?: string): Messages[P] | undefined {
    const known = this.#parts.get(id(part, qualifier))
    return known === undefined ? undefined : (messageOf(known) as Messages[P])
  }

  /** All messages of a qualified part, by qualifier, in the order of the qualifiers. */
  all<P extends Part>(part: P): Map<string, Messages[P]> {
    const found: [string, Messages[P]][] = []
    for (const [name, known] of this.#parts) {
      if (name.startsWith(`${part}/`)) found.push([name.slice(part.length + 1), messageOf(known) as Messages[P]])
    }
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Takes over what the stream delivered. An answer that was learned a moment ago is not undone by an older snapshot. */
  put(part: Part, qualifier: string | undefined, snapshot: Snapshot, now: number): void {
    const name = id(part, qualifier)
    const known = this.#parts.get(name)
    if (known !== undefined && known.seq >= snapshot.seq) return // delivered again
    const recent = known !== undefined && 'learned' in known && known.learnedAt + LEARNED_FOR_MS > now
    const next: Known = { seq: snapshot.seq, snapshot }
    if (recent && isOlder(readable(next), known.learned)) return
    this.#parts.set(name, next)
  }

  /**
   * Takes over what an API server just answered; the stream will bring it too, later. An answer that was on the way while the
   * stream told of what came after it is passed over.
   */
  learn<P extends Part>(part: P, qualifier: string | undefined, message: Messages[P], now: number): void {
    const name = id(part, qualifier)
    const known = this.#parts.get(name)
    const is = known === undefined ? 'newer' : compareMessages(message, readable(known))
    if (is === 'older' || (is === 'same' && known !== undefined && 'snapshot' in known)) return
    this.#parts.set(name, { seq: known?.seq ?? 0, learned: message, learnedAt: now })
  }

  /** For how long a part is known by an answer that no message of the stream has confirmed, in milliseconds; undefined: by a message, or not at all. */
  learnedFor(part: Part, qualifier: string | undefined, now: number): number | undefined {
    const known = this.#parts.get(id(part, qualifier))
    return known === undefined || 'snapshot' in known ? undefined : now - known.learnedAt
  }

  /**
   * The same, while no message has ever told of the part: what the answer was about may have gone before its watch knew of it, and then
   * nobody tells that either.
   */
  untoldFor(part: Part, qualifier: string | undefined, now: number): number | undefined {
    return this.sequence(part, qualifier) === 0 ? this.learnedFor(part, qualifier, now) : undefined
  }

  /** The sequence of what the stream has of a part, as far as it is known here; 0: nothing. */
  sequence(part: Part, qualifier?: string): number {
    return this.#parts.get(id(part, qualifier))?.seq ?? 0
  }

  /** What was learned of a part is stored under this sequence now. */
  published(part: Part, qualifier: string | undefined, sequence: number): void {
    const known = this.#parts.get(id(part, qualifier))
    if (known !== undefined) known.seq = Math.max(known.seq, sequence)
  }

  /** The messages that the key is known by, the latest first. */
  told(): Told[] {
    const told = [...this.#parts].flatMap(([part, known]) => {
      if (!('snapshot' in known)) return []
      const { storedAt, traceparent } = known.snapshot
      return [{ part, seq: known.seq, storedAt: storedAt / 1e6, traceparent }]
    })
    return told.sort((a, b) => b.seq - a.seq)
  }

  forget(part: Part, qualifier?: string): void {
    this.#parts.delete(id(part, qualifier))
  }

  /**
   * Whether everything that was heard of here is gone. A decision counts as long as it names a provider: after a loss of the stream
   * it may come before the objects that it is about.
   */
  get isGone(): boolean {
    return [...this.#parts.values()].every((known) => isEmpty(messageOf(known)))
  }
}

/** Everything that the owner of one partition knows: complete for the parts it asked for, kept current by delivery. */
export class PartitionView {
  readonly #keys = new Map<string, KeyView>()

  of(key: string): KeyView {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const view = new KeyView()
    this.#keys.set(key, view)
    return view
  }

  keys(): IterableIterator<string> {
    return this.#keys.keys()
  }

  drop(key: string): void {
    this.#keys.delete(key)
  }

  clear(): void {
    this.#keys.clear()
  }

  get size(): number {
    return this.#keys.size
  }
}

function id(part: Part, qualifier: string | undefined): string {
  return qualifier === undefined ? part : `${part}/${qualifier}`
}

function messageOf(known: Known): Messages[Part] {
  return 'snapshot' in known ? known.snapshot.message : known.learned
}

/** Whether a message says that there is nothing. */
function isEmpty(message: Messages[Part]): boolean {
  if ('object' in message) return message.object === null
  if ('related' in message) return message.related.length === 0
  return !('provider' in message) || message.provider === null
}

/** What is not valid is older than nothing: it is told of when somebody reads it. */
function readable(known: Known): Messages[Part] | undefined {
  return 'snapshot' in known ? known.snapshot.readable : known.learned
}
