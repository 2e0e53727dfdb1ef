/** Where a cluster is. */
export type Presence =
  | { state: 'connected' }
  /** It may come back. `why` says in one line what is the matter, `reason` is one word for programs. */
  | { state: 'away'; since: Date; reason: AwayReason; why: string }
  /** The platform says that it will not come back. */
  | { state: 'lost' }

/**
 * `NotConnected`: nobody says how to reach it; `Unreachable`: it does not answer; the others: it answers, and is not believed to be the
 * cluster of its name.
 */
export type AwayReason = 'NotConnected' | 'Unreachable' | 'SameCluster' | 'KnownByAnotherName' | 'AnotherCluster'

export type Role = 'consumer' | 'provider'

/** What is known of clusters from before: the one by which name a uid goes, and the uid that went by a name. */
export type Claim = { knownAs?: string | undefined; was?: string | undefined }

export type PresenceEvent =
  /** There is a way to reach it; who answers there is not known yet. */
  | { type: 'came'; name: string }
  | { type: 'unreachable'; name: string; why: string }
  | { type: 'identified'; name: string; uid: string; claim?: Claim }
  | { type: 'went'; name: string }
  /** What the platform's record says of a name. */
  | { type: 'recorded'; name: string; uid?: string | undefined; lost: boolean; awaySince?: Date | undefined }
  | { type: 'forgotten'; name: string }

/** `before` is undefined for a name that was not heard of. */
export type PresenceChange = { name: string; before: Presence | undefined; now: Presence }

type Candidate = { uid?: string; trouble?: string; claim?: Claim }
type Record = { uid: string | undefined; lost: boolean; awaySince: Date | undefined }

/**
 * Which clusters of one role are connected, away or lost: a state machine without I/O. A name is believed only while the cluster that
 * answers is the one that it stood for before, and a cluster goes by one name at a time.
 */
export class PresenceMachine {
  readonly #role: Role
  readonly #started: Date
  readonly #candidates = new Map<string, Candidate>()
  readonly #records = new Map<string, Record>()
  readonly #presences = new Map<string, Presence>()
  /** Put together once for each time that one comes or goes. */
  #names: readonly string[] | undefined

  constructor(role: Role, started: Date) {
    this.#role = role
    this.#started = started
  }

  /** How a cluster is, also one that was never heard of. */
  of(name: string): Presence {
    return this.#presences.get(name) ?? this.#away(name, 'NotConnected', this.#started)
  }

  /** Those that there is a way to, or a record of. */
  get names(): readonly string[] {
    this.#names ??= [...new Set([...this.#candidates.keys(), ...this.#records.keys()])].sort()
    return this.#names
  }

  /** What a cluster is, whoever it is taken for; undefined while it has not answered. */
  uidOf(name: string): string | undefined {
    return this.#candidates.get(name)?.uid
  }

  /** Takes an event; answers which presences it changed, those that left before those that came. */
  on(event: PresenceEvent, now: Date): PresenceChange[] {
    const before = this.#uids(event.name)
    this.#take(event)
    const uids = new Set([...before, ...this.#uids(event.name)])
    const concerned = this.names.filter((name) => [...this.#uids(name)].some((uid) => uids.has(uid)))
    const names = [...new Set([event.name, ...concerned])]
    // Who is connected is judged first: the others ask whether it still is.
    const isConnected = (name: string) => this.#presences.get(name)?.state === 'connected'
    const ordered = [...names.filter(isConnected), ...names.filter((name) => !isConnected(name)).sort()]
    return ordered.flatMap((name) => this.#judge(name, now))
  }

  #take(event: PresenceEvent): void {
    const { name } = event
    this.#names = undefined
    if (event.type === 'went') this.#candidates.delete(name)
    else if (event.type === 'came') this.#candidates.set(name, {})
    else if (event.type === 'forgotten') this.#records.delete(name)
    else if (event.type === 'recorded') {
      const { uid, lost, awaySince } = event
      this.#records.set(name, { uid, lost, awaySince })
    } else if (this.#candidates.has(name)) {
      if (event.type === 'unreachable') this.#candidates.set(name, { trouble: event.why })
      else this.#candidates.set(name, { uid: event.uid, claim: event.claim ?? {} })
    }
  }

  /** The uids that concern a name. */
  #uids(name: string): Set<string> {
    const { uid, claim } = this.#candidates.get(name) ?? {}
    const all = [uid, claim?.was, this.#records.get(name)?.uid]
    return new Set(all.filter((each) => each !== undefined))
  }

  #judge(name: string, now: Date): PresenceChange[] {
    const before = this.#presences.get(name)
    // What is new here may have been away before this process began.
    const begun = before === undefined ? (this.#records.get(name)?.awaySince ?? now) : now
    const next = this.#presenceNow(name, before?.state === 'away' ? before.since : begun)
    this.#presences.set(name, next)
    return before !== undefined && saysSame(before, next) ? [] : [{ name, before, now: next }]
  }

  #presenceNow(name: string, since: Date): Presence {
    if (this.#records.get(name)?.lost === true) return { state: 'lost' }
    const candidate = this.#candidates.get(name)
    if (candidate === undefined) return this.#away(name, 'NotConnected', since)
    const { uid, trouble } = candidate
    if (uid === undefined) return this.#away(name, 'Unreachable', since, trouble ?? 'it has not answered yet')
    return this.#doubt(name, uid, candidate, since) ?? { state: 'connected' }
  }

  /** Why the cluster that answers is not believed to be the one of its name. */
  #doubt(name: string, uid: string, { claim }: Candidate, since: Date): Presence | undefined {
    const role = this.#role
    const was = this.#records.get(name)?.uid ?? claim?.was
    if (was !== undefined && was !== uid) {
      const why = `another cluster answers (uid ${uid}) than the one that went by this name (uid ${was}): give it another name`
      return this.#away(name, 'AnotherCluster', since, why)
    }
    const twin = this.#twin(name, uid)
    if (twin !== undefined) {
      const why = `it is the cluster that is connected as ${role} ${twin} already: one of the two kubeconfigs has to go`
      return this.#away(name, 'SameCluster', since, why)
    }
    const other = this.#recordedName(name, uid) ?? claim?.knownAs
    if (other === undefined) return undefined
    const otherwise = role === 'provider' ? ', or set spec.lost of that Provider' : ''
    const why = `it is the cluster that is known as ${role} ${other}: name its kubeconfig ${other} again${otherwise}`
    return this.#away(name, 'KnownByAnotherName', since, why)
  }

  #twin(name: string, uid: string): string | undefined {
    for (const [other, candidate] of this.#candidates) {
      if (other !== name && candidate.uid === uid && this.#presences.get(other)?.state === 'connected') return other
    }
    return undefined
  }

  #recordedName(name: string, uid: string): string | undefined {
    for (const [other, record] of this.#records) if (other !== name && record.uid === uid && !record.lost) return other
    return undefined
  }

  #away(name: string, reason: AwayReason, since: Date, because?: string): Presence & { state: 'away' } {
    const what = `${this.#role} ${name} is not connected`
    return { state: 'away', since, reason, why: because === undefined ? what : `${what}: ${because}` }
  }
}

function saysSame(a: Presence, b: Presence): boolean {
  return a.state === b.state && (a.state !== 'away' || b.state !== 'away' || a.why === b.why)
}
