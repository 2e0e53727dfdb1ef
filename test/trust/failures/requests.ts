import { assignmentName, copyName, keyOf } from '@resource-broker/api'
import { acceptAPIKey } from '@resource-broker/bus'
import type { HttpRequest } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import type { Landscape, Site } from '../../support/landscape.ts'
import { THING } from '../../support/provider-controller.ts'
import { copyAt, create, gone, offer, patchSpec, read, secretOf, thing, thingRef } from '../../support/things.ts'

/** Where a cell of the table is played. */
export type Stage = { landscape: Landscape; acme: Site; alpha: Site; beta: Site }

/** One kind of request of the broker: how an object comes to where it is due, what makes it due, and which request it is then. */
export type RequestKind = {
  name: string
  /** Whose API server is asked. */
  at: 'consumer' | 'provider' | 'platform'
  /** What is about an AcceptAPI is told to the provider; the rest is about a Thing, and told to the consumer. */
  about?: 'offer'
  /** The Thing is in a namespace of its own name. */
  isHoused?: true
  prepare?: (stage: Stage, name: string) => Promise<void>
  trigger: (stage: Stage, name: string) => Promise<void>
  matches: (request: HttpRequest, name: string) => boolean | Promise<boolean>
}

/** The key of what a cell plays with. */
export const keyIn = (kind: RequestKind, { acme, alpha }: Stage, name: string): string =>
  kind.about === 'offer'
    ? acceptAPIKey(alpha.cluster, name)
    : keyOf({ cluster: acme.cluster, gvr: THING, namespace: namespaceOf(kind, name), name })

/** What is in the path or the body of the requests of one cell. */
export const namesOf = (kind: RequestKind, name: string): string[] =>
  kind.about === 'offer' ? [name] : [name, assignment(name, namespaceOf(kind, name))]

export const namespaceOf = ({ isHoused }: RequestKind, name: string): string => (isHoused === true ? name : 'default')

const make = async ({ acme }: Stage, name: string, spec: object = {}) =>
  void (await create(acme, thing(name, { size: 'small', ...spec })))
const change = async ({ acme }: Stage, name: string, spec: Record<string, unknown>) =>
  void (await patchSpec(acme, thingRef(name), spec))
const remove = ({ acme }: Stage, name: string) => acme.kube.delete(thingRef(name))

/** For hundreds of objects together, on a busy machine. */
const MANY = { timeoutMs: 180_000 }

const isServed = async (stage: Stage, name: string) => {
  await make(stage, name, { value: 1 })
  await waitFor(
    `${name} is served`,
    async () => (await read(stage.acme, thingRef(name)))?.status?.['status'] === 'Available',
    MANY,
  )
}

const hasSecret = async (stage: Stage, name: string) => {
  await make(stage, name, { secret: true, value: 1 })
  await waitFor(`the Secret of ${name}`, async () => (await secretOf(stage.acme, `${name}-secret`)) !== undefined, MANY)
}

/** A request for one object by its path. */
const on =
  (method: string, resource: string, nameOf: (name: string) => string, subresource = '') =>
  (request: HttpRequest, name: string) =>
    request.method === method && request.path.endsWith(`/${resource}/${nameOf(name)}${subresource}`)

/** A creation, of which only the body says what it makes. */
const of =
  (resource: string, isIt: (body: Body, name: string) => boolean) => async (request: HttpRequest, name: string) => {
    if (request.method !== 'POST' || !request.path.endsWith(`/${resource}`)) return false
    return isIt(JSON.parse((await request.body()).toString('utf8')) as Body, name)
  }
type Body = { metadata: { name: string }; spec?: Record<string, unknown>; involvedObject?: { name: string } }

/** Of a kind of which there are no objects: no offer of it is spoken of in what the others are told. */
const GADGET = { ...THING, resource: 'gadgets' }

const itself = (name: string) => name
const copy = (name: string) => copyName('acme', name)
const assignment = (name: string, namespace = 'default') =>
  assignmentName(keyOf({ cluster: 'acme', gvr: THING, namespace, name }))

/** The broker's requests about single objects, by what it wants. */
export const REQUESTS: RequestKind[] = [
  {
    name: 'creating the Assignment',
    at: 'platform',
    trigger: (stage, name) => make(stage, name),
    matches: of('assignments', ({ metadata }, name) => metadata.name === assignment(name)),
  },
  {
    name: 'putting the finalizer on',
    at: 'consumer',
    trigger: (stage, name) => make(stage, name),
    matches: on('PATCH', 'things', itself),
  },
  {
    name: 'creating the copy',
    at: 'provider',
    trigger: (stage, name) => make(stage, name),
    matches: on('PATCH', 'things', copy),
  },
  {
    name: 'changing the copy',
    at: 'provider',
    prepare: isServed,
    trigger: (stage, name) => change(stage, name, { value: 2 }),
    matches: on('PATCH', 'things', copy),
  },
  {
    name: 'writing the status',
    at: 'consumer',
    prepare: isServed,
    trigger: (stage, name) => change(stage, name, { value: 2 }),
    matches: on('PATCH', 'things', itself, '/status'),
  },
  {
    name: 'telling why an object is not placed',
    at: 'consumer',
    trigger: (stage, name) => make(stage, name, { size: 'unheard of' }),
    matches: on('PATCH', 'things', itself, '/status'),
  },
  {
    name: 'recording an Event',
    at: 'consumer',
    trigger: (stage, name) => make(stage, name, { size: 'unheard of' }),
    matches: of('events', ({ involvedObject }, name) => involvedObject?.name === name),
  },
  {
    name: 'reading the provider’s Secret',
    at: 'provider',
    trigger: (stage, name) => make(stage, name, { secret: true }),
    matches: on('GET', 'secrets', (name) => `${copy(name)}-secret`),
  },
  {
    name: 'creating the Secret',
    at: 'consumer',
    trigger: (stage, name) => make(stage, name, { secret: true }),
    matches: of('secrets', ({ metadata }, name) => metadata.name === `${name}-secret`),
  },
  {
    name: 'reading the consumer’s Secret',
    at: 'consumer',
    prepare: hasSecret,
    trigger: (stage, name) => change(stage, name, { value: 2 }),
    matches: on('GET', 'secrets', (name) => `${name}-secret`),
  },
  {
    name: 'changing the Secret',
    at: 'consumer',
    prepare: hasSecret,
    trigger: (stage, name) => change(stage, name, { value: 2 }),
    matches: on('PUT', 'secrets', (name) => `${name}-secret`),
  },
  {
    name: 'taking the Secret away',
    at: 'consumer',
    prepare: hasSecret,
    trigger: async ({ acme, alpha }, name) => {
      const [at, ref] = copyAt(alpha, acme, name)
      await at.kube.mergePatch(ref, { status: { relatedResources: null } }, { subresource: 'status' })
    },
    matches: on('DELETE', 'secrets', (name) => `${name}-secret`),
  },
  {
    name: 'creating the namespace at the provider',
    at: 'provider',
    isHoused: true,
    prepare: async ({ acme }, name) => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      await acme.kube.create({ group: '', version: 'v1', resource: 'namespaces' }, body)
    },
    trigger: async ({ acme }, name) => void (await create(acme, thing(name, { size: 'small' }, { namespace: name }))),
    matches: of('namespaces', ({ metadata }, name) => metadata.name === name),
  },
  {
    name: 'asking for a move',
    at: 'platform',
    prepare: isServed,
    trigger: (stage, name) => change(stage, name, { size: 'large' }),
    matches: of('migrations', ({ spec }, name) => spec?.['assignment'] === assignment(name)),
  },
  {
    name: 'recording a move in the Assignment',
    at: 'platform',
    prepare: isServed,
    trigger: (stage, name) => change(stage, name, { size: 'large' }),
    matches: on('PATCH', 'assignments', assignment),
  },
  {
    name: 'recording that the Assignment ends',
    at: 'platform',
    prepare: isServed,
    trigger: remove,
    matches: on('PATCH', 'assignments', assignment),
  },
  {
    name: 'deleting the copy',
    at: 'provider',
    prepare: isServed,
    trigger: remove,
    matches: on('DELETE', 'things', copy),
  },
  {
    name: 'asking whether the copy is gone',
    at: 'provider',
    prepare: isServed,
    trigger: remove,
    matches: on('GET', 'things', copy),
  },
  {
    name: 'deleting the Assignment',
    at: 'platform',
    prepare: isServed,
    trigger: remove,
    matches: on('DELETE', 'assignments', assignment),
  },
  {
    name: 'taking the finalizer off',
    at: 'consumer',
    prepare: isServed,
    trigger: remove,
    matches: on('PATCH', 'things', itself),
  },
  {
    name: 'asking whether the object is gone',
    at: 'consumer',
    prepare: isServed,
    trigger: async (stage, name) => {
      await stage.acme.kube.mergePatch(thingRef(name), { metadata: { finalizers: null } })
      await remove(stage, name).catch(() => undefined)
      await gone(stage.acme, thingRef(name))
    },
    matches: on('GET', 'things', itself),
  },
  {
    name: 'telling a provider how its offer stands',
    at: 'provider',
    about: 'offer',
    trigger: ({ alpha }, name) => offer(alpha, name, { gvr: GADGET }),
    matches: on('PATCH', 'acceptapis', itself, '/status'),
  },
  {
    name: 'recording an Event on an offer',
    at: 'provider',
    about: 'offer',
    trigger: ({ alpha }, name) => offer(alpha, name, { gvr: GADGET, filters: [{ key: 'size', pattern: '(' }] }),
    matches: of('events', ({ involvedObject }, name) => involvedObject?.name === name),
  },
]
