import {
  type Assignment,
  annotations,
  finalizer,
  type Migration,
  readiness,
  relatedResources,
} from '@resource-broker/api'
import { limitsOf, type MoveLimits } from '../../../services/migration-coordinator/src/turns/limits.ts'
import type { ApiServer, Change } from '../server/api-server.ts'
import type { StoredObject } from '../server/objects.ts'
import { DRAIN } from '../world/orders.ts'
import {
  aboutOf,
  assignmentsIn,
  CONSUMER,
  consumerUIDOf,
  copiesIn,
  isOfNeighbour,
  resources,
  runningMovesIn,
  type Servers,
  serverOf,
} from '../world/places.ts'
import { Violation } from '../world/violation.ts'

type Options = {
  servers: Servers
  capacityOf: (provider: string) => number | undefined
  moveLimits: MoveLimits
  /** Providers to which nothing may come, as everybody must know by now. */
  closed: () => readonly string[]
  violated: (violation: Violation) => void
}

/** Watches what the servers really have, at each change, and knows nothing of what the broker believes. */
export class Invariants {
  readonly #options: Options
  /** uids of copies that could be used once. */
  readonly #wereReady = new Set<string>()
  /** uids of objects whose Assignment somebody deleted by hand: nobody knows for certain where they have copies. */
  readonly #unrecorded = new Set<string>()
  /** uids of objects that were let go. */
  readonly #released = new Set<string>()
  /** uids of copies that were made when their Assignment had gone: the request was on its way for long, and the copy is an orphan. */
  readonly #late = new Set<string>()

  constructor(options: Options) {
    this.#options = options
  }

  /** `byBroker`: a replica did it. */
  check(server: ApiServer, change: Change, byBroker: boolean): void {
    const { resource } = change.place
    if (resource === resources.things && server.name !== CONSUMER) this.#checkCopy(server, change, byBroker)
    if (resource === resources.things && server.name === CONSUMER && byBroker) this.#checkRelease(change)
    if (resource === resources.secrets && server.name === CONSUMER && byBroker) this.#checkSecret(change)
    if (resource === resources.assignments && change.type !== 'DELETED') this.#checkAssignments()
    else if (resource === resources.assignments && !byBroker)
      this.#unrecorded.add((change.entry.object.spec as { uid?: string }).uid ?? '')
    if (resource === resources.assignments || resource === resources.migrations) this.#checkMoves()
    if (byBroker && change.type !== 'DELETED') this.#checkClosed(change)
  }

  #checkCopy({ name: provider }: ApiServer, { type, entry: { object }, before }: Change, byBroker: boolean): void {
    const { uid, name, deletionTimestamp } = object.metadata
    if (byBroker && isOfNeighbour(before?.object ?? object))
      this.#options.violated(new Violation('not-ours', `${provider}'s ${name} is another broker's, and is touched`))
    if (type !== 'DELETED' && readiness(object).ready) this.#wereReady.add(uid)
    const isDeletion =
      before?.object.metadata.deletionTimestamp === undefined && (type === 'DELETED' || deletionTimestamp !== undefined)
    if (isDeletion && byBroker) this.#checkDeletion(provider, object)
    if (before === undefined && byBroker) this.#checkCreation(provider, object)
  }

  /** What was on its way when an object was let go may arrive; by then the platform has no Assignment of it. */
  #checkCreation(provider: string, copy: StoredObject): void {
    const { servers, violated } = this.#options
    const uid = consumerUIDOf(copy)
    const assignment = assignmentsIn(servers).find(({ spec }) => spec.uid === uid)
    if (assignment === undefined) this.#late.add(copy.metadata.uid)
    if (assignment === undefined || uid === undefined || !this.#released.has(uid)) return
    const { name } = assignment.spec
    violated(new Violation('made-released', `${provider} gets a copy of ${name}, which was let go`, name))
  }

  /** No copy of an object that lives goes, unless another one serves by then, or it failed before it ever served. */
  #checkDeletion(provider: string, copy: StoredObject): void {
    const { servers, violated } = this.#options
    const consumerUID = consumerUIDOf(copy)
    const source = serverOf(servers, CONSUMER)
      .all(resources.things)
      .find(({ object }) => object.metadata.uid === consumerUID)?.object
    if (source === undefined || source.metadata.deletionTimestamp !== undefined) return
    const { name } = source.metadata
    const assignment = assignmentsIn(servers).find(({ spec }) => spec.uid === consumerUID)
    const isBroken = readiness(copy).state === 'Failed' && assignment?.status?.servedFrom !== provider
    const wasReady = this.#wereReady.has(copy.metadata.uid) && !isBroken
    if (assignment === undefined) {
      const others = copiesIn(servers, consumerUID).filter((other) => other.copy.metadata.uid !== copy.metadata.uid)
      const isServed = others.some((other) => this.#wereReady.has(other.copy.metadata.uid))
      if (wasReady && !isServed)
        violated(
          new Violation(
            'copy-lost',
            `${provider}'s copy ${copy.metadata.uid} of the live ${name} is deleted, and the platform has no Assignment of it`,
            name,
          ),
        )
      return
    }
    const active = assignment.spec.providerCluster
    if (provider === active) {
      violated(
        new Violation(
          'active-deleted',
          `${provider} is the active provider of the live ${name}, and its copy ${copy.metadata.uid} is deleted`,
          name,
        ),
      )
      return
    }
    const other = copiesIn(servers, consumerUID).find((there) => there.provider === active)
    const serves = other !== undefined && this.#wereReady.has(other.copy.metadata.uid)
    // Whoever took the active copy away left the object without one; what never served it only stands in the way of the next.
    const isForsaken = other === undefined && assignment.status?.servedFrom !== provider
    if (wasReady && !serves && !isForsaken)
      violated(
        new Violation(
          'early-deleted',
          `${provider}'s copy of ${name} is deleted before ${active}, the active provider, had one that was ready`,
          name,
        ),
      )
  }

  /** What the serving copy names stays, though its provider may be about to make it anew. */
  #checkSecret({ type, entry: { object } }: Change): void {
    const { servers, violated } = this.#options
    if (type !== 'DELETED') return
    const owners = (object.metadata.ownerReferences ?? []).map(({ uid }) => uid)
    const source = serverOf(servers, CONSUMER)
      .all(resources.things)
      .find((entry) => owners.includes(entry.object.metadata.uid))?.object
    if (source === undefined || source.metadata.deletionTimestamp !== undefined) return
    const { uid, name } = source.metadata
    const active = assignmentsIn(servers).find(({ spec }) => spec.uid === uid)?.spec.providerCluster
    const serving = copiesIn(servers, uid).find(({ provider }) => provider === active)?.copy
    if (relatedResources(serving?.status).related.length > 0)
      violated(new Violation('secret-lost', `the Secret of ${name} is deleted, which ${active} names`, name))
  }

  /** The finalizer goes last. */
  #checkRelease({ entry, before, type }: Change): void {
    const had = before?.object.metadata.finalizers?.includes(finalizer) ?? false
    const has = type !== 'DELETED' && (entry.object.metadata.finalizers?.includes(finalizer) ?? false)
    if (!had || has) return
    const { uid, name, deletionTimestamp } = entry.object.metadata
    if (deletionTimestamp !== undefined) this.#released.add(uid)
    if (deletionTimestamp === undefined)
      this.#options.violated(new Violation('released-alive', `the finalizer is taken off ${name}, which lives`, name))
    const carried = entry.object.metadata.annotations?.[annotations.providerCluster]
    const left = copiesIn(this.#options.servers, uid)
      .filter(({ copy }) => !this.#late.has(copy.metadata.uid))
      .find(({ provider }) => !this.#unrecorded.has(uid) || provider === carried)
    if (left !== undefined)
      this.#options.violated(
        new Violation('released-early', `${name} is let go, and ${left.provider} has its copy still`, name),
      )
    const names = relatedResources(entry.object.status).related.length > 0
    const secret = this.#secretOf(uid)
    if (names && secret !== undefined && secret.metadata.creationTimestamp < (deletionTimestamp ?? ''))
      this.#options.violated(
        new Violation('left-behind', `${name} is let go, and the Secret that it names is there`, name),
      )
  }

  /** What the broker made at the consumer for an object. One that its status does not name, and that a request made late, is for the garbage collector. */
  #secretOf(uid: string): StoredObject | undefined {
    const secrets = serverOf(this.#options.servers, CONSUMER).all(resources.secrets)
    return secrets.find(({ object }) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid))?.object
  }

  /** What is decided for a provider that takes nothing is an Assignment or a Migration that is made, or a copy that an Assignment comes to ask for. */
  #checkClosed({ place: { resource }, entry: { object }, before }: Change): void {
    const arrivals = arrivalsOf(resource, object)
    if (arrivals.length === 0) return
    const known = before === undefined ? [] : arrivalsOf(resource, before.object)
    const { closed, violated } = this.#options
    const shut = closed().find((provider) => arrivals.includes(provider) && !known.includes(provider))
    if (shut === undefined) return
    const about = aboutOf(resource, object)
    violated(new Violation('closed', `${about} comes to ${shut}, which the platform lets take nothing`, about))
  }

  #checkAssignments(): void {
    const { servers, capacityOf, violated } = this.#options
    const counts = new Map<string, number>()
    const uids = new Set<string>()
    for (const { spec, status } of assignmentsIn(servers)) {
      if (uids.has(spec.uid)) violated(new Violation('placed-twice', `${spec.name} has two Assignments`, spec.name))
      uids.add(spec.uid)
      const recorded = (status?.copies ?? []).filter(({ applied }) => applied)
      const copies = [spec, ...(spec.copies ?? []), ...recorded]
      for (const provider of new Set(copies.map(({ providerCluster }) => providerCluster)))
        counts.set(provider, (counts.get(provider) ?? 0) + 1)
    }
    for (const [provider, count] of counts) {
      const capacity = capacityOf(provider)
      if (capacity !== undefined && count > capacity)
        violated(new Violation('capacity', `${provider} offers ${capacity} and has ${count}`))
    }
  }

  /** A move runs from the time at which its copy is asked for until it is told to have ended. */
  #checkMoves(): void {
    const { servers, moveLimits, violated } = this.#options
    const counts = new Map<string, number>()
    for (const { spec } of runningMovesIn(servers)) {
      const mover = {
        name: '',
        since: '',
        consumer: CONSUMER,
        from: spec.from.providerCluster,
        to: spec.to.providerCluster,
        drain: spec.drain,
      }
      for (const { id, most } of limitsOf(mover, {
        all: moveLimits,
        ofConfiguration: new Map(),
        ofDrain: () => DRAIN.maxConcurrent,
      })) {
        const count = (counts.get(id) ?? 0) + 1
        counts.set(id, count)
        if (count > most)
          violated(new Violation('moves', `${count} moves run, ${most} may${id === '' ? '' : ` of ${id}`}`))
      }
    }
  }
}

/** Providers at which an object is to be by what a record says: of an Assignment, and where a Migration is to bring it. */
function arrivalsOf(resource: string, { spec }: StoredObject): string[] {
  if (resource === resources.migrations) return [(spec as Migration['spec']).to.providerCluster]
  if (resource !== resources.assignments) return []
  const { providerCluster, copies = [] } = spec as Assignment['spec']
  return [providerCluster, ...copies.map((copy) => copy.providerCluster)]
}
