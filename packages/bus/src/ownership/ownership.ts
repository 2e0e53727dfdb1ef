/** How long the server keeps a partition for a replica that stopped asking for messages. */
export const PIN_TIMEOUT_MS = 6_000
/** A replica asks at least this often, so that it is heard of within the pin's time-out. */
export const PULL_EXPIRES_MS = 4_000
/** How long after it last asked a replica may count on its pin: what it asked was on the way for a while. */
const LEASE_MS = PIN_TIMEOUT_MS - 500
/** How often an owner looks at the clock by itself. */
export const TICK_MS = 1_000
/** How long the runs of a partition that is left to another may take to end before it is left all the same. */
const HAND_OVER_MS = 5_000
/** How long a replica that left a partition to another does not ask for it. */
const ASIDE_MS = 1_000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000
const CALL_RETRY_MS = 500

/** What happens to one partition, as one replica hears of it. `turn` is that of the effect which the event answers. */
export type OwnershipEvent =
  | { type: 'start' }
  /** The pull is open. */
  | { type: 'consuming' }
  | { type: 'consume failed' }
  /** The client asked the server for messages. */
  | { type: 'pulled' }
  | { type: 'delivered'; sequence: number }
  | { type: 'loaded'; turn: number }
  | { type: 'load failed'; turn: number; error: unknown }
  /** The server gave the pin of somebody up: of this replica or of another. */
  | { type: 'unpinned' }
  /** The server has said nothing for as long as it says something at least. */
  | { type: 'silent' }
  | { type: 'disconnected' }
  | { type: 'reconnected' }
  /** The pull brings nothing more: it ended, the subscription was deleted, or the stream was lost. */
  | { type: 'pull ended'; reason: string }
  /** Replicas came or went. */
  | { type: 'share changed'; mine: boolean }
  /** Of a partition that is left, nothing runs any more. */
  | { type: 'settled'; turn: number }
  | { type: 'hand-over timed out'; turn: number }
  | { type: 'call failed' }
  | { type: 'due'; what: 'consume' | 'call' }
  | { type: 'tick' }
  /** Somebody is about to write and found `isCertain` untrue. */
  | { type: 'doubted' }
  | { type: 'stop' }

/** What has to be done about it, in this order. */
export type OwnershipEffect =
  | { do: 'consume' }
  | { do: 'stop pull' }
  /** Begin a tenure, with nothing remembered, and load what is to be known in it. */
  | { do: 'begin'; turn: number }
  /** Give what was delivered to the tenure. */
  | { do: 'take' }
  /** Look at every key that was loaded. */
  | { do: 'run keys' }
  /** Begin no run any more; those that run may end. */
  | { do: 'close' }
  /** Say `settled` when nothing runs any more. */
  | { do: 'settle'; turn: number }
  /** End the fence, and forget all that was remembered. */
  | { do: 'let go' }
  /** Publish the word to take over: whoever is pinned then gets a first message. */
  | { do: 'call' }
  | { do: 'unpin' }
  | { do: 'wait'; ms: number; event: OwnershipEvent }
  | { do: 'report restart'; reason: string }
  | { do: 'report failure'; error: unknown; retryInMs: number }

/**
 * Whether one replica owns one partition: a state machine without I/O. `on` answers what is to be done about an event; whoever
 * performs it says by further events what came of it. The server delivers a partition to one replica at a time (a pinned pull
 * consumer), and a gap in the delivery sequence shows that another had it in between. A replica that cannot be certain of its pin,
 * as it did not ask for messages for nearly as long as the pin lasts (it stood still, or the server did), lets go and calls for an owner.
 */
export class Ownership {
  #pull: 'none' | 'opening' | 'open' = 'none'
  #leaving: 'no' | 'to another' | 'aside' | 'for good' = 'no'
  #tenure: 'none' | 'loading' | 'working' = 'none'
  #turn = 0
  #lastDelivery = 0
  #pulledAt = 0
  #tickedAt = 0
  #retryMs = FIRST_RETRY_MS

  /** Whether every key of the partition is this replica's to look at. */
  get isWorking(): boolean {
    return this.#tenure === 'working' && this.#leaving === 'no'
  }

  /** Whether the pin cannot be another replica's at `now`, in milliseconds. */
  isCertain(now: number): boolean {
    return this.#tenure !== 'none' && now - Math.min(this.#pulledAt, this.#tickedAt) < LEASE_MS
  }

  /** @param now in milliseconds */
  on(event: OwnershipEvent, now: number): OwnershipEffect[] {
    if (this.#leaving === 'for good') return this.#onStopped(event)
    switch (event.type) {
      case 'start':
        this.#tickedAt = now
        return this.#consume()
      case 'consuming':
        return this.#consuming(now)
      case 'consume failed':
        return this.#consumeFailed()
      case 'pulled':
        this.#pulledAt = now
        return []
      case 'delivered':
        return this.#delivered(event.sequence, now)
      case 'loaded':
        return this.#loaded(event.turn)
      case 'load failed':
        return this.#loadFailed(event.turn, event.error)
      case 'settled':
      case 'hand-over timed out':
        return this.#handOver(event.turn)
      case 'share changed':
        return event.mine ? [] : this.#leave()
      case 'pull ended':
        return this.#restart(event.reason)
      case 'disconnected':
        return this.#letGo()
      case 'unpinned':
      case 'reconnected':
        return this.#callForOwner()
      case 'silent':
        return this.#tenure === 'none' ? [] : this.#callForOwner()
      case 'doubted':
        return this.#doubt(now)
      case 'tick':
        return this.#tick(now)
      case 'call failed':
        return [{ do: 'wait', ms: CALL_RETRY_MS, event: { type: 'due', what: 'call' } }]
      case 'due':
        return this.#due(event.what)
      case 'stop':
        return this.#stop()
    }
  }

  /** What is left to do for a replica that stops is to leave what it had. */
  #onStopped(event: OwnershipEvent): OwnershipEffect[] {
    if (event.type === 'consuming') return [{ do: 'stop pull' }]
    if (event.type !== 'settled' || this.#tenure === 'none') return []
    return [...this.#letGo(), { do: 'unpin' }]
  }

  #consume(): OwnershipEffect[] {
    this.#pull = 'opening'
    return [{ do: 'consume' }]
  }

  #consuming(now: number): OwnershipEffect[] {
    this.#pull = 'open'
    this.#pulledAt = now
    this.#retryMs = FIRST_RETRY_MS
    return this.#callForOwner()
  }

  #consumeFailed(): OwnershipEffect[] {
    const ms = this.#retryMs
    this.#retryMs = Math.min(ms * 2, LAST_RETRY_MS)
    return [{ do: 'wait', ms, event: { type: 'due', what: 'consume' } }]
  }

  #restart(reason: string): OwnershipEffect[] {
    if (this.#pull !== 'open') return []
    return [{ do: 'report restart', reason }, { do: 'stop pull' }, ...this.#letGo(), ...this.#consume()]
  }

  #delivered(sequence: number, now: number): OwnershipEffect[] {
    if (this.#pull !== 'open') return []
    if (now - this.#pulledAt >= LEASE_MS) return this.#callForOwner() // it lay in the socket while this replica stood still
    const follows = this.#tenure !== 'none' && sequence === this.#lastDelivery + 1
    const before = follows ? [] : this.#letGo()
    this.#lastDelivery = sequence
    if (follows) return [{ do: 'take' }]
    this.#tenure = 'loading'
    return [...before, { do: 'begin', turn: ++this.#turn }, { do: 'take' }]
  }

  #loaded(turn: number): OwnershipEffect[] {
    if (turn !== this.#turn || this.#tenure !== 'loading') return []
    this.#tenure = 'working'
    return this.#leaving === 'no' ? [{ do: 'run keys' }] : []
  }

  #loadFailed(turn: number, error: unknown): OwnershipEffect[] {
    if (turn !== this.#turn || this.#tenure !== 'loading') return []
    const again: OwnershipEffect = { do: 'wait', ms: FIRST_RETRY_MS, event: { type: 'due', what: 'call' } }
    return [...this.#letGo(), { do: 'report failure', error, retryInMs: FIRST_RETRY_MS }, again]
  }

  /** Leaves the partition to the others: finishes what runs, and asks again only when another has the pin. */
  #leave(): OwnershipEffect[] {
    if (this.#tenure === 'none' || this.#pull !== 'open') return []
    this.#pull = 'none'
    this.#leaving = 'to another'
    const turn = this.#turn
    return [
      { do: 'report restart', reason: 'left to another replica' },
      { do: 'stop pull' },
      { do: 'close' },
      { do: 'settle', turn },
      { do: 'wait', ms: HAND_OVER_MS, event: { type: 'hand-over timed out', turn } },
    ]
  }

  #handOver(turn: number): OwnershipEffect[] {
    if (this.#leaving !== 'to another' || turn !== this.#turn) return []
    this.#leaving = 'aside'
    const aside: OwnershipEffect = { do: 'wait', ms: ASIDE_MS, event: { type: 'due', what: 'consume' } }
    return [...this.#letGo(), { do: 'unpin' }, aside]
  }

  #due(what: 'consume' | 'call'): OwnershipEffect[] {
    if (what === 'call') return this.#tenure === 'none' ? [{ do: 'call' }] : []
    if (this.#pull === 'open') return []
    this.#leaving = 'no'
    return this.#consume()
  }

  #tick(now: number): OwnershipEffect[] {
    const effects = this.#doubt(now)
    this.#tickedAt = now
    return effects
  }

  #doubt(now: number): OwnershipEffect[] {
    return this.#tenure === 'none' || this.isCertain(now) ? [] : this.#callForOwner()
  }

  #callForOwner(): OwnershipEffect[] {
    return [...this.#letGo(), { do: 'call' }]
  }

  #letGo(): OwnershipEffect[] {
    if (this.#tenure === 'none') return []
    this.#tenure = 'none'
    return [{ do: 'let go' }]
  }

  #stop(): OwnershipEffect[] {
    this.#leaving = 'for good'
    const pull: OwnershipEffect[] = this.#pull === 'open' ? [{ do: 'stop pull' }] : []
    this.#pull = 'none'
    return this.#tenure === 'none' ? pull : [...pull, { do: 'close' }, { do: 'settle', turn: this.#turn }]
  }
}
