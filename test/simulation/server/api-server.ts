import { isDeepStrictEqual } from 'node:util'
import { applied, isApplier, updated } from './apply.ts'
import { type Entry, idOf, type Managers, mergePatched, type Place, type StoredObject } from './objects.ts'
import { Refused, refuseChanges } from './refused.ts'
import { type ApiRequest, parseRequest } from './request.ts'

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

/** Resources whose status is written together with the rest. */
const WITHOUT_STATUS = new Set([
  'offerusages.coord.broker.platform-mesh.io',
  'assignments.coord.broker.platform-mesh.io',
  'secrets',
  'configmaps',
  'namespaces',
  'events',
])
/** What is a change of metadata alone does not count as a generation. */
const UNCOUNTED = ['metadata', 'apiVersion', 'kind']

/** One API server with the semantics of kube-apiserver 1.34 as far as the broker relies on them. */
export class ApiServer {
  readonly name: string
  /** Why nobody gets an answer. */
  #trouble: string | undefined
  readonly #entries = new Map<string, { place: Place; entry: Entry }>()
  readonly #history: Change[] = []
  readonly #followers = new Set<Follower>()
  readonly #watches = new Set<() => void>()
  readonly #now: () => number
  readonly #served: readonly Served[]
  #version = 100
  #made = 0

  /** `now`: milliseconds by this server's clock; `served`: what its discovery tells. */
  constructor(name: string, now: () => number, served: readonly Served[] = []) {
    this.name = name
    this.#now = now
    this.#served = served
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Nobody gets an answer, and watches break off; undefined: all is well again. */
  setTrouble(trouble: string | undefined): void {
    this.#trouble = trouble
    if (trouble !== undefined) for (const broken of [...this.#watches]) broken()
  }

  /** Calls back when the server is in trouble. Returns what ends that. */
  onTrouble(broken: () => void): () => void {
    this.#watches.add(broken)
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
    return [...this.#entries.values()]
      .filter(({ place }) => place.resource === resource && (namespace === undefined || place.namespace === namespace))
      .sort((a, b) => (idOf(a.place) < idOf(b.place) ? -1 : 1))
      .map(({ entry }) => entry)
  }

  handle(sent: Parameters<typeof parseRequest>[0]): ApiAnswer {
    const request = parseRequest(sent)
    try {
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

  #list({ place, query, metadataOnly }: ApiRequest): ApiAnswer {
    const items = this.all(place.resource, place.namespace).filter(({ object }) =>
      isSelected(object, query.get('labelSelector')),
    )
    const metadata = { resourceVersion: String(this.#version) }
    return { status: 200, body: { kind: 'List', metadata, items: items.map((entry) => rendered(entry, metadataOnly)) } }
  }

  #create(request: ApiRequest): ApiAnswer {
    const { place, body } = request
    const { name } = body['metadata'] as { name: string }
    const at = { ...place, name }
    if (this.#entries.has(idOf(at)))
      throw new Refused(409, 'AlreadyExists', `${place.resource} "${name}" already exists`)
    const fresh = this.#fresh(at, body)
    return shown(201, this.#commit(at, undefined, fresh, updated(new Map(), undefined, fresh)))
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
      return { status: 200, body: { kind: 'Status', status: 'Success' } }
    }
    if (metadata.deletionTimestamp !== undefined) return shown(200, entry)
    const generation = (metadata.generation ?? 0) + 1
    const since = { deletionTimestamp: stamp(this.#now()), deletionGracePeriodSeconds: 0 }
    const leaving = { ...metadata, ...since, generation }
    return shown(200, this.#commit(place, entry, { ...entry.object, metadata: leaving }, entry.managers))
  }

  #commit(place: Place, before: Entry | undefined, wanted: StoredObject, managers: Managers): Entry {
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

export function withVersion({ object, ...entry }: Entry, resourceVersion: string): Entry {
  return { ...entry, object: { ...object, metadata: { ...object.metadata, resourceVersion } } }
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

function isSame(a: StoredObject, b: StoredObject): boolean {
  const bare = ({ metadata, ...content }: StoredObject) => ({
    ...content,
    metadata: { ...metadata, resourceVersion: '' },
  })
  return isDeepStrictEqual(bare(a), bare(b))
}

/** What a generation counts the changes of. */
function counted(object: StoredObject, { resource }: Place): unknown {
  const omitted = WITHOUT_STATUS.has(resource) ? UNCOUNTED : [...UNCOUNTED, 'status']
  return Object.fromEntries(Object.entries(object).filter(([name]) => !omitted.includes(name)))
}

/** Metadata has no empty maps and lists. */
function withoutEmpty({ metadata, ...content }: StoredObject): StoredObject {
  const isFilled = ([, value]: [string, unknown]) =>
    typeof value !== 'object' || value === null || Object.keys(value).length > 0
  return { ...content, metadata: Object.fromEntries(Object.entries(metadata).filter(isFilled)) } as StoredObject
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(object)) as Record<string, unknown>
}

/** As it stands in an answer. */
export function rendered({ object, managers }: Entry, metadataOnly: boolean): object {
  const appliers = [...managers.keys()].filter(isApplier)
  const managedFields = appliers.map((manager) => ({ manager, operation: 'Apply' }))
  const metadata = { ...object.metadata, ...(managedFields.length > 0 ? { managedFields } : {}) }
  if (!metadataOnly) return { ...object, metadata }
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
}

function shown(status: number, entry: Entry, metadataOnly = false): ApiAnswer {
  return { status, body: rendered(entry, metadataOnly) }
}

/** `name` or `name=value`, the selectors that the broker uses. */
export function isSelected({ metadata: { labels = {} } }: StoredObject, selector: string | null): boolean {
  if (selector === null || selector === '') return true
  return selector.split(',').every((term) => {
    const [name = '', value] = term.split('=')
    return value === undefined ? name in labels : labels[name] === value
  })
}
