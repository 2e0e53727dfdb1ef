import { isDeepStrictEqual } from 'node:util'
import { mergePatched } from '@resource-broker/api'
import { applied, updated } from './apply.ts'
import { annotated, counted, isSame, WITHOUT_STATUS, withoutEmpty, withoutUndefined } from './completed.ts'
import { type Entry, idOf, type Managers, type Place, type StoredObject } from './objects.ts'
import { Refused, refuseChanges } from './refused.ts'
import { isSelected, rendered, shown, withVersion } from './rendered.ts'
import { type ApiRequest, parseRequest, type Sent } from './request.ts'

export type ApiAnswer = { status: number; body: object }
export type Change = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  place: Place
  version: number
  entry: Entry
  before: Entry | undefined
}
type Follower = (change: Change) => void
/** A resource as discovery tells of it. */
export type Served = { group: string; version: string; name: string; kind: string; namespaced: boolean }

/** What is different where the server is a kcp with its logical clusters. */
export type Kcp = {
  /** The name of a logical cluster that is called by a path, or by its name (contract 1.4). */
  nameOf(cluster: string): string
  /** What each object in a place carries (contract 2.1, 2.2). */
  annotationsOf(place: Place): Record<string, string>
  /** Whether what is asked shows an object: everything, or what the virtual workspace of an export has (contract 7). */
  shows(request: ApiRequest, place: Place, object: StoredObject): boolean
  /** @throws {Refused} for what is not done at all */
  refuse(request: ApiRequest): void
}

/** Nobody gets an answer; or all are refused: a kube-apiserver that starts serves before its authorizer has read the roles. */
type Trouble = 'cut off' | 'starting'

/** One API server with the semantics of kube-apiserver 1.34 as far as the broker relies on them. */
export class ApiServer {
  readonly name: string
  #trouble: Trouble | undefined
  readonly #entries = new Map<string, { place: Place; entry: Entry }>()
  readonly #history: Change[] = []
  readonly #followers = new Set<Follower>()
  readonly #watches = new Map<() => void, Place>()
  readonly #now: () => number
  readonly #served: readonly Served[]
  readonly #kcp: Kcp | undefined
  #version = 100
  #made = 0

  /** `now`: milliseconds by this server's clock; `served`: what its discovery tells; `kcp`: that it has logical clusters. */
  constructor(name: string, now: () => number, served: readonly Served[] = [], kcp?: Kcp) {
    this.name = name
    this.#now = now
    this.#served = served
    this.#kcp = kcp
  }

  /** By its own clock, in milliseconds. */
  now(): number {
    return this.#now()
  }

  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  /** What is answered is what the trouble makes of it, and watches break off; undefined: all is well again. */
  setTrouble(trouble: Trouble | undefined): void {
    this.#trouble = trouble
    if (trouble !== undefined) for (const broken of [...this.#watches.keys()]) broken()
  }

  /** Breaks off the watches of one resource. */
  breakOff(resource: string): void {
    for (const [broken, watched] of [...this.#watches]) if (watched.resource === resource) broken()
  }

  /** Calls back when a watch of a place breaks off. Returns what ends that. */
  onTrouble(watched: Place, broken: () => void): () => void {
    this.#watches.set(broken, watched)
    return () => void this.#watches.delete(broken)
  }

  get version(): number {
    return this.#version
  }

  /** Calls back at each change, before whoever asked for it has an answer. Returns what ends that. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /** Changes after a version, in their order. */
  since(version: number): Change[] {
    const first = this.#history.findIndex((change) => change.version > version)
    return first === -1 ? [] : this.#history.slice(first)
  }

  find(place: Place): StoredObject | undefined {
    return this.#entries.get(idOf(place))?.entry.object
  }

  /** What is in a collection, in the order of names. */
  all(resource: string, namespace?: string): Entry[] {
    return this.#sorted(
      ({ place }) => place.resource === resource && (namespace === undefined || place.namespace === namespace),
    )
  }

  /** What a logical cluster has of one resource, in the order of names. */
  inside({ cluster, resource }: Pick<Place, 'cluster' | 'resource'>): Entry[] {
    return this.#sorted(({ place }) => place.resource === resource && place.cluster === cluster)
  }

  #sorted(isWanted: (each: { place: Place; entry: Entry }) => boolean): Entry[] {
    return [...this.#entries.values()]
      .filter(isWanted)
      .sort((a, b) => (idOf(a.place) < idOf(b.place) ? -1 : 1))
      .map(({ entry }) => entry)
  }

  /** What a request asks for. @throws {TypeError} as `parseRequest` */
  read(sent: Sent): ApiRequest {
    const request = parseRequest(sent)
    const { cluster } = request.place
    if (this.#kcp === undefined || cluster === undefined) return request
    return { ...request, place: { ...request.place, cluster: this.#kcp.nameOf(cluster) } }
  }

  /** Whether a collection that is asked for has an object in it. */
  selects(request: ApiRequest, place: Place, object: StoredObject): boolean {
    const { cluster, resource, namespace } = request.place
    if (place.resource !== resource || (namespace !== undefined && place.namespace !== namespace)) return false
    if (cluster !== undefined && cluster !== '*' && place.cluster !== cluster) return false
    return isSelected(object, request.query) && this.#kcp?.shows(request, place, object) !== false
  }

  /** What is in a collection that is asked for, in the order of names. */
  selected(request: ApiRequest): Entry[] {
    return this.#sorted(({ place, entry }) => this.selects(request, place, entry.object))
  }

  handle(sent: Sent): ApiAnswer {
    const request = this.read(sent)
    try {
      this.#kcp?.refuse(request)
      return this.#answer(request)
    } catch (error) {
      if (error instanceof Refused) return error.answer
      throw error
    }
  }

  #answer(request: ApiRequest): ApiAnswer {
    const { method, place } = request
    if (request.isDiscovery) return this.#discovery(request)
    if (method === 'GET' && place.name === '') return this.#list(request)
    const entry = this.#entries.get(idOf(place))?.entry
    if (method === 'GET') return shown(200, entry ?? this.#missing(place), request.metadataOnly)
    if (method === 'POST') return this.#create(request)
    if (method === 'DELETE') return this.#delete(request, entry ?? this.#missing(place))
    if (request.contentType.startsWith('application/apply-patch')) return this.#apply(request, entry)
    return this.#update(request, entry ?? this.#missing(place))
  }

  #discovery({ version }: ApiRequest): ApiAnswer {
    const resources = this.#served.filter((served) => `${served.group}/${served.version}` === version)
    return { status: 200, body: { kind: 'APIResourceList', resources } }
  }

  #missing({ resource, name }: Place): never {
    throw new Refused(404, 'NotFound', `${resource} "${name}" not found`)
  }

  #list(request: ApiRequest): ApiAnswer {
    const items = this.selected(request).map((entry) => rendered(entry, request.metadataOnly))
    return { status: 200, body: { kind: 'List', metadata: { resourceVersion: String(this.#version) }, items } }
  }

  #create(request: ApiRequest): ApiAnswer {
    const { place, body } = request
    const { name } = body['metadata'] as { name: string }
    const at = { ...place, name }
    if (place.namespace !== undefined) this.#checkNamespace(place.namespace)
    if (this.#entries.has(idOf(at)))
      throw new Refused(409, 'AlreadyExists', `${place.resource} "${name}" already exists`)
    const fresh = this.#fresh(at, body)
    return shown(201, this.#commit(at, undefined, fresh, updated(new Map(), undefined, fresh)))
  }

  /** Where there are namespaces, nothing is made in one that is not there, or is to go. */
  #checkNamespace(name: string): void {
    if (!this.#served.some((served) => served.name === 'namespaces')) return
    const namespace = this.find({ resource: 'namespaces', name })
    if (namespace === undefined) throw new Refused(404, 'NotFound', `namespaces "${name}" not found`)
    if (namespace.metadata.deletionTimestamp !== undefined)
      throw new Refused(
        403,
        'Forbidden',
        `unable to create new content in namespace ${name} because it is being terminated`,
      )
  }

  /** As a server completes what is made. */
  #fresh({ resource, namespace, name }: Place, body: Record<string, unknown>): StoredObject {
    const {
      resourceVersion: _v,
      deletionTimestamp: _d,
      generation: _g,
      ...metadata
    } = (body['metadata'] ?? {}) as Record<string, unknown>
    const { status, ...content } = body
    return {
      ...(content as { apiVersion: string; kind: string }),
      ...(status !== undefined && WITHOUT_STATUS.has(resource) ? { status } : {}),
      metadata: {
        ...metadata,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid: `${this.name}-${++this.#made}`,
        resourceVersion: '',
        generation: 1,
        creationTimestamp: stamp(this.#now()),
      },
    }
  }

  #apply(request: ApiRequest, entry: Entry | undefined): ApiAnswer {
    const { place, body, query } = request
    const { uid, resourceVersion } = (body['metadata'] ?? {}) as { uid?: string; resourceVersion?: string }
    if (entry === undefined && uid !== undefined) throw new Refused(409, 'Conflict', 'uid mismatch: the object is gone')
    if (entry !== undefined && resourceVersion === '0')
      throw new Refused(422, 'Invalid', 'must be specified for an update', 'metadata.resourceVersion')
    const { object, managers } = applied(entry, body, query.get('fieldManager') ?? '')
    if (entry === undefined) return shown(201, this.#commit(place, undefined, this.#fresh(place, object), managers))
    const next = {
      ...object,
      status: entry.object['status'],
      metadata: { ...(object['metadata'] as object), resourceVersion: entry.object.metadata.resourceVersion },
    }
    const whole = withoutUndefined(next) as StoredObject
    refuseChanges(entry.object, whole, uid)
    return shown(200, this.#commit(place, entry, whole, managers))
  }

  /** A merge patch, or what is put in the place of the whole. */
  #update({ method, place, body, subresource }: ApiRequest, entry: Entry): ApiAnswer {
    const { uid, resourceVersion } = (body['metadata'] ?? {}) as { uid?: string; resourceVersion?: string }
    const { object } = entry
    if (method === 'PUT' && uid !== undefined && uid !== object.metadata.uid)
      throw new Refused(409, 'Conflict', 'Precondition failed: UID')
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
      throw new Refused(409, 'Conflict', 'the object has been modified')
    const wanted = (method === 'PUT' ? body : mergePatched(object, body)) as StoredObject
    const hasStatus = !WITHOUT_STATUS.has(place.resource)
    if (subresource === 'status' && !hasStatus) this.#missing(place)
    const { uid: own, namespace, creationTimestamp, generation } = object.metadata
    const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata
    const leaving = { deletionTimestamp, deletionGracePeriodSeconds }
    const kept = { uid: own, namespace, creationTimestamp, generation, ...leaving }
    const next =
      subresource === 'status'
        ? { ...object, status: wanted['status'] }
        : { ...wanted, ...(hasStatus ? { status: object['status'] } : {}), metadata: { ...wanted.metadata, ...kept } }
    const whole = withoutEmpty(withoutUndefined(next) as StoredObject)
    if (subresource !== 'status') refuseChanges(object, whole, uid)
    return shown(200, this.#commit(place, entry, whole, updated(entry.managers, object, whole)))
  }

  #delete({ place, body }: ApiRequest, entry: Entry): ApiAnswer {
    const { metadata } = entry.object
    const { uid, resourceVersion } = (body['preconditions'] ?? {}) as { uid?: string; resourceVersion?: string }
    if (uid !== undefined && uid !== metadata.uid) throw new Refused(409, 'Conflict', 'Precondition failed: UID')
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      throw new Refused(409, 'Conflict', 'Precondition failed: ResourceVersion')
    if ((metadata.finalizers ?? []).length === 0) {
      this.#remove(place, entry)
      const details = { name: metadata.name, uid: metadata.uid }
      return { status: 200, body: { kind: 'Status', status: 'Success', details } }
    }
    if (metadata.deletionTimestamp !== undefined) return shown(200, entry)
    const generation = (metadata.generation ?? 0) + 1
    const since = { deletionTimestamp: stamp(this.#now()), deletionGracePeriodSeconds: 0 }
    const leaving = { ...metadata, ...since, generation }
    return shown(200, this.#commit(place, entry, { ...entry.object, metadata: leaving }, entry.managers))
  }

  #commit(place: Place, before: Entry | undefined, asked: StoredObject, managers: Managers): Entry {
    const wanted = this.#kcp === undefined ? asked : annotated(asked, this.#kcp.annotationsOf(place))
    const old = before?.object
    if (old !== undefined && isSame(old, wanted) && isDeepStrictEqual(before?.managers, managers))
      return before as Entry
    const counts = old !== undefined && !isDeepStrictEqual(counted(old, place), counted(wanted, place))
    const generation = (wanted.metadata.generation ?? 1) + (counts ? 1 : 0)
    const isOver = wanted.metadata.deletionTimestamp !== undefined && (wanted.metadata.finalizers ?? []).length === 0
    const resourceVersion = isOver && old !== undefined ? old.metadata.resourceVersion : String(++this.#version)
    const object = { ...wanted, metadata: { ...wanted.metadata, generation, resourceVersion } }
    const entry: Entry = { object, managers }
    if (isOver && before !== undefined) {
      this.#remove(place, before)
      return entry
    }
    this.#entries.set(idOf(place), { place, entry })
    this.#tell({ type: before === undefined ? 'ADDED' : 'MODIFIED', place, version: this.#version, entry, before })
    return entry
  }

  /** What goes is told of as it was before the write that made it go. */
  #remove(place: Place, before: Entry): void {
    this.#entries.delete(idOf(place))
    const entry = withVersion(before, String(++this.#version))
    this.#tell({ type: 'DELETED', place, version: this.#version, entry, before })
  }

  #tell(change: Change): void {
    this.#history.push(change)
    for (const follower of this.#followers) follower(change)
  }
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
