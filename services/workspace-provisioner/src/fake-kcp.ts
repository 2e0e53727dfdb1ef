import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { mergePatched } from '@resource-broker/api'
import { parseJson, stringifyJson } from '@resource-broker/json'
import type { Wire } from '@resource-broker/kube'

export const ROOTS = { staging: 'root:staging', verification: 'root:verification' }
/** Of the virtual workspace that shows the broker's workspaces. */
export const SHARD = 'https://kcp.test/services/apiexport/staging/resource-broker'

type Metadata = {
  name: string
  uid: string
  resourceVersion: string
  generation?: number
  annotations: Record<string, string>
}
export type Held = { metadata: Metadata; spec?: Record<string, unknown>; status?: Record<string, unknown> }
type Body = { metadata?: Partial<Metadata>; preconditions?: Partial<Metadata>; spec?: object; status?: object }
type HttpRequest = Parameters<Wire['send']>[0]
type HttpResponse = Awaited<ReturnType<Wire['send']>>
type Place = { cluster: string; resource: string; name: string; subresource: string | undefined }
type Watch = { place: Place; stream: PassThrough }

/** A request that is on the way for as long as a test wants; `answered`: the server has done it, and the answer is. */
type HeldBack = {
  who: string
  what: string
  nth: number
  answered: boolean
  arrived: () => void
  released: Promise<void>
}

/** A kcp as far as the provisioner needs one: workspaces are Ready and bindings Bound at once. */
export class FakeKcp {
  /** `<who>: <method> <resource>`, in the order in which they were done, for whoever asked to write. */
  readonly written: string[] = []
  readonly #objects = new Map<string, { place: Place; object: Held }>()
  readonly #watches = new Set<Watch>()
  readonly #paths = new Map<string, string>()
  readonly #refused = new Set<string>()
  #heldBack: HeldBack[] = []
  #version = 0

  /** What one replica asks by. */
  wireOf(who: string): Wire {
    return {
      send: (request) => this.#send(who, request),
      stream: async (request) => this.#stream(request),
      update: () => undefined,
      renewCredentials: () => false,
      close: () => undefined,
    }
  }

  find(cluster: string, resource: string, name: string): Held | undefined {
    return this.#objects.get(idOf({ cluster, resource, name }))?.object
  }

  all(resource: string): Held[] {
    return [...this.#objects.values()].flatMap(({ place, object }) => (place.resource === resource ? [object] : []))
  }

  /** Somebody makes an object, or changes it, and its status where there is one. */
  put(cluster: string, resource: string, name: string, content: object): void {
    const place = { cluster, resource, name, subresource: undefined }
    this.#commit(place, content)
    const { status } = content as Body
    if (status !== undefined) this.#commit({ ...place, subresource: 'status' }, { status })
  }

  remove(cluster: string, resource: string, name: string): void {
    this.#remove({ cluster, resource, name, subresource: undefined })
  }

  /** Refuses all requests of this kind from now on. */
  refuse(what: string): void {
    this.#refused.add(what)
  }

  /**
   * The next request of this kind of this replica, or the `nth`, is on the way until it is released; `answered`: the server does it at
   * once, and the answer is. `arrived` resolves when it was sent.
   */
  holdBack(
    who: string,
    what: string,
    { answered = false, nth = 1 } = {},
  ): { arrived: Promise<void>; release: () => void } {
    const arrived = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    this.#heldBack.push({ who, what, nth, answered, arrived: arrived.resolve, released: released.promise })
    return { arrived: arrived.promise, release: released.resolve }
  }

  async #send(who: string, { method, path, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
    const place = placeOf(path)
    const what = `${method} ${place.resource}${place.subresource === undefined ? '' : `/${place.subresource}`}`
    const held = this.#heldBack.find((each) => each.who === who && each.what === what && --each.nth === 0)
    this.#heldBack = this.#heldBack.filter((each) => each !== held)
    const isApply = headers['content-type']?.startsWith('application/apply') === true
    const handle = () => {
      if (this.#refused.has(what)) return refused(403, 'Forbidden', place)
      if (method !== 'GET') this.written.push(`${who}: ${what}`)
      return this.#handle(method, place, body === undefined ? {} : (parseJson(body) as Body), isApply)
    }
    const early = held?.answered === true ? handle() : undefined
    held?.arrived()
    await held?.released
    const answer = early ?? handle()
    signal?.throwIfAborted()
    return { ...answer, headers: {} }
  }

  #handle(method: string, place: Place, body: Body, isApply: boolean): { status: number; body: string } {
    if (place.resource === '') return shown(200, { resources: [{ name: 'things', namespaced: true, kind: 'Thing' }] })
    if (method === 'POST') return this.#create(place, body)
    const { object } = this.#objects.get(idOf(place)) ?? {}
    if (method === 'GET' && place.name === '') {
      const items = [...this.#objects.values()].filter((each) => isIn(place, each.place)).map((each) => each.object)
      return shown(200, { metadata: { resourceVersion: String(this.#version) }, items })
    }
    if (object === undefined) return isApply ? shown(201, this.#commit(place, body)) : refused(404, 'NotFound', place)
    const { uid, resourceVersion } = (method === 'DELETE' ? body.preconditions : body.metadata) ?? {}
    const isOther = uid !== undefined && uid !== object.metadata.uid
    if (isOther || (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion))
      return refused(409, 'Conflict', place)
    if (method === 'GET') return shown(200, object)
    if (method === 'DELETE') this.#remove(place)
    return shown(200, method === 'DELETE' ? {} : this.#commit(place, body))
  }

  #create(place: Place, body: Body): { status: number; body: string } {
    const named = { ...place, name: body.metadata?.name ?? '' }
    if (this.#objects.has(idOf(named))) return refused(409, 'AlreadyExists', named)
    return shown(201, this.#commit(named, body))
  }

  #commit(place: Place, { metadata = {}, ...content }: Body): Held {
    const { cluster, resource, name, subresource } = place
    const before = this.#objects.get(idOf(place))?.object
    const { status, ...rest } = content
    const given = {
      ...(subresource === 'status' ? { status } : { ...rest, metadata: { annotations: { ...metadata.annotations } } }),
    }
    const fresh: Held = {
      metadata: { name, uid: `${resource}-${this.#version + 1}`, resourceVersion: '', annotations: {} },
    }
    const merged = mergePatched(before ?? fresh, given) as Held
    merged.metadata.annotations = {
      ...merged.metadata.annotations,
      'kcp.io/cluster': cluster,
      'kcp.io/path': this.#paths.get(cluster) ?? cluster,
    }
    const object = before === undefined ? this.#reconciled(place, merged) : merged
    if (isDeepStrictEqual(object, before)) return object
    object.metadata.resourceVersion = String(++this.#version)
    this.#objects.set(idOf(place), { place: { ...place, subresource: undefined }, object })
    this.#tell(before === undefined ? 'ADDED' : 'MODIFIED', place, object)
    if (before === undefined && resource === 'workspaces') this.#bindByType(object)
    return object
  }

  /** What kcp's controllers make of a new object. */
  #reconciled({ cluster, resource, name }: Place, object: Held): Held {
    if (resource === 'workspaces') {
      const own = `cluster-of-${object.metadata.uid}`
      this.#paths.set(own, `${cluster}:${name}`)
      return { ...object, spec: { ...object.spec, cluster: own }, status: { phase: 'Ready' } }
    }
    if (resource !== 'apibindings') return object
    const conditions = ['Ready', 'PermissionClaimsApplied'].map((type) => ({ type, status: 'True' }))
    const boundResources = [{ group: 'example.io', resource: 'things', schema: { identityHash: 'hash' } }]
    return { ...object, status: { conditions, ...(name === 'provider' ? { boundResources } : {}) } }
  }

  #bindByType({ spec }: Held): void {
    const reference = { export: { path: ROOTS.staging, name: 'resource-broker' } }
    this.put(spec?.['cluster'] as string, 'apibindings', 'resource-broker', { spec: { reference } })
  }

  #remove(place: Place): void {
    const held = this.#objects.get(idOf(place))
    if (held === undefined) return
    const inside = place.resource === 'workspaces' ? held.object.spec?.['cluster'] : undefined
    for (const { place: each } of [...this.#objects.values()]) if (each.cluster === inside) this.#remove(each)
    this.#objects.delete(idOf(place))
    held.object = { ...held.object, metadata: { ...held.object.metadata, resourceVersion: String(++this.#version) } }
    this.#tell('DELETED', place, held.object)
  }

  #stream({ path, signal }: HttpRequest): IncomingMessage {
    const place = placeOf(path)
    const stream = new PassThrough()
    const watch = { place, stream }
    for (const { place: its, object } of this.#objects.values())
      if (isIn(place, its)) stream.write(eventOf('ADDED', object))
    const end = {
      name: '',
      uid: '',
      resourceVersion: String(this.#version),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    }
    stream.write(eventOf('BOOKMARK', { metadata: end }))
    this.#watches.add(watch)
    signal?.addEventListener('abort', () => {
      this.#watches.delete(watch)
      stream.destroy()
    })
    return Object.assign(stream, { statusCode: 200, headers: {} }) as unknown as IncomingMessage
  }

  #tell(type: string, place: Place, object: Held): void {
    for (const watch of this.#watches) if (isIn(watch.place, place)) watch.stream.write(eventOf(type, object))
  }
}

const idOf = ({ cluster, resource, name }: Pick<Place, 'cluster' | 'resource' | 'name'>) =>
  `${cluster}/${resource}/${name}`

const isIn = (collection: Place, { cluster, resource }: Place): boolean =>
  collection.resource === resource && (collection.cluster === '*' || collection.cluster === cluster)

/** Of a path such as `/clusters/root:a/apis/group/v1/things/name/status`, also in a virtual workspace. */
function placeOf(path: string): Place {
  const [, cluster = '', below = ''] = /.*\/clusters\/([^/]+)\/apis\/[^/]+\/[^/?]+\/?([^?]*)/.exec(path) ?? []
  const [resource = '', name = '', subresource] = below.split('/')
  return { cluster: decodeURIComponent(cluster), resource, name, subresource }
}

const shown = (status: number, body: object) => ({ status, body: stringifyJson(body) })
const refused = (code: number, reason: string, { resource, name }: Place) =>
  shown(code, { kind: 'Status', status: 'Failure', code, reason, message: `${resource} "${name}": ${reason}` })
const eventOf = (type: string, object: Pick<Held, 'metadata'>): string => `${stringifyJson({ type, object })}\n`
