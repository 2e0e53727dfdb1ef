import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Assignment, keyOf } from '@resource-broker/api'
import type { InventoryItem, KubeObject, Publication } from '@resource-broker/bus'
import { KubeClient } from '@resource-broker/kube'
import type { View } from '@resource-broker/service'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Heard, WatcherContext } from './context.ts'
import { sourceRule } from './handlers/sources.ts'
import { Inventory } from './inventory.ts'
import { KeyBook } from './key-book.ts'
import { PartWatch } from './part-watch.ts'

const THINGS = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
const FINALIZER = 'broker.platform-mesh.io/finalizer'
const own = (name: string) => `broker.platform-mesh.io/${name}`

/** An API server that says what it is told to: the real client and watch read it. */
class Fake {
  readonly #server: Server
  readonly #watches: ServerResponse[] = []
  #initial: KubeObject[] = []
  connections = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (_request, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      this.#watches.push(response)
      this.connections++
      for (const object of this.#initial) this.#send(response, 'ADDED', object)
      this.#send(
        response,
        'BOOKMARK',
        object({ resourceVersion: '0', annotations: { 'k8s.io/initial-events-end': 'true' } }),
      )
    })
  }

  static async start(initial: KubeObject[]): Promise<Fake> {
    const server = createServer()
    const fake = new Fake(server)
    fake.#initial = initial
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What the next list holds. */
  holds(objects: KubeObject[]): void {
    this.#initial = objects
  }

  tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    for (const response of this.#watches) this.#send(response, type, object)
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #send(response: ServerResponse, type: string, object: KubeObject): void {
    response.write(`${JSON.stringify({ type, object })}\n`)
  }
}

type Meta = Partial<KubeObject['metadata']>

function object(
  { name = 'a', ...metadata }: Meta,
  content: Record<string, unknown> = { spec: { size: 1 } },
): KubeObject {
  return {
    apiVersion: 'test.platform-mesh.io/v1',
    kind: 'Thing',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', generation: 1, ...metadata },
    ...content,
  }
}

let dir: string
let fake: Fake | undefined
let stopping: AbortController

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'part-watch-'))
  stopping = new AbortController()
})

afterEach(async () => {
  stopping.abort()
  fake?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What was published: the part, the version and, of what is not gone, the object. */
type Told = { name: string; version: string | undefined; gone: boolean }

async function watch(
  initial: KubeObject[],
  inventory: InventoryItem[] = [],
  shows = (_cluster: string) => true,
  ...records: Assignment[]
) {
  fake = await Fake.start(initial)
  const file = join(dir, 'kubeconfig')
  const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }]
  const clusters = [{ name: 'c', cluster: { server: fake.url } }]
  await writeFile(
    file,
    JSON.stringify({ clusters, contexts, users: [{ name: 'u', user: {} }], 'current-context': 'c' }),
  )
  const client = await KubeClient.fromFile(file)
  const published: Publication[] = []
  const hears: Heard[] = []
  const beginAnew = vi.fn()
  let cameIntoView: (cluster: string) => void = () => undefined
  const keys = new KeyBook()
  for (const record of records) keys.take(record)
  const context = {
    keys,
    onCluster: (listener: (cluster: string) => void) => {
      cameIntoView = listener
    },
    publish: (publication: Publication, heard: Heard) => {
      published.push(publication)
      hears.push(heard)
    },
    reportWatch: () => undefined,
  } as unknown as WatcherContext
  const stored = new Inventory(inventory).of('source', THINGS)
  const parts = new PartWatch(context, viewOf(client, shows), sourceRule(THINGS, keys), stored, beginAnew)
  parts.start(stopping.signal)
  await vi.waitFor(() => expect(fake?.connections).toBe(1), { timeout: 5_000 })
  const told = (): Told[] =>
    published.map(({ object: ref, version, tombstone = false }) => ({
      name: ref?.name ?? '',
      version,
      gone: tombstone,
    }))
  return { keys, published, hears, beginAnew, told, cameIntoView: (cluster: string) => cameIntoView(cluster) }
}

/** The Assignment of an object, named by a key of the version before. */
function assignmentOf(name: string, key: string): Assignment {
  return Assignment.of({
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: { name: `assignment-${key}`, uid: 'uid-assignment', resourceVersion: '1' },
    spec: {
      ...{ consumerCluster: 'acme', gvr: THINGS, namespace: 'default', name, uid: `uid-${name}` },
      ...{ providerCluster: 'alpha', acceptAPIName: 'small' },
    },
  })
}

function viewOf(client: KubeClient, shows: View['shows']): View {
  const shown = { clusterOf: () => 'acme', shows, originOf: () => undefined }
  return { id: 'sources/acme', client, duties: ['sources'], kinds: [], ...shown }
}

/** Everything that was told before has been taken once this marker of its own has. */
async function settled(told: () => Told[]): Promise<Told[]> {
  fake?.tell('ADDED', object({ name: 'marker', resourceVersion: '999' }))
  await vi.waitFor(() => expect(told().some(({ name }) => name === 'marker')).toBe(true), { timeout: 5_000 })
  return told().filter(({ name }) => name !== 'marker')
}

/** What the stream has of an object: under its own key, or under another. */
const stored = (name: string, version: string, { key = ownKey(name), api = 'v1' } = {}): InventoryItem => ({
  ...{ part: 'source', key, partition: 0, version, sequence: Number(version) },
  object: { cluster: 'acme', ...THINGS, version: api, namespace: 'default', name, uid: `uid-${name}` },
})

const ownKey = (name: string): string => keyOf({ cluster: 'acme', gvr: THINGS, namespace: 'default', name })

describe('a watch of consumer objects', () => {
  test('publishes what it finds and what changes, with the version', async () => {
    const { told } = await watch([object({ resourceVersion: '5' })])
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    fake?.tell('MODIFIED', object({ resourceVersion: '6', generation: 2 }, { spec: { size: 2 } }))
    expect(await settled(told)).toEqual([
      { name: 'a', version: '5', gone: false },
      { name: 'a', version: '6', gone: false },
    ])
  })

  test.each<{ what: string; before: KubeObject; after: KubeObject }>([
    { what: 'finalizer coming', before: object({}), after: object({ finalizers: [FINALIZER] }) },
    {
      what: 'note of the provider',
      before: object({}),
      after: object({ annotations: { [own('provider-cluster')]: 'alpha' } }),
    },
    { what: 'foreign finalizer', before: object({}), after: object({ finalizers: ['example.org/x'] }) },
  ])('publishes nothing for the echo of a write: $what', async ({ before, after }) => {
    const { told } = await watch([before])
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    fake?.tell('MODIFIED', { ...after, metadata: { ...after.metadata, resourceVersion: '2' } })
    expect(await settled(told)).toHaveLength(1)
  })

  test.each<{ what: string; after: KubeObject }>([
    { what: 'the spec', after: object({ generation: 2, finalizers: [FINALIZER] }, { spec: { size: 2 } }) },
    {
      what: 'the status, though nobody else changed it',
      after: object({ finalizers: [FINALIZER] }, { spec: { size: 1 }, status: { status: 'lie' } }),
    },
    { what: 'a label', after: object({ labels: { a: 'b' }, finalizers: [FINALIZER] }) },
    { what: 'an annotation', after: object({ annotations: { a: 'b' }, finalizers: [FINALIZER] }) },
    { what: 'the deletion', after: object({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [FINALIZER] }) },
    { what: 'the finalizer that somebody took off', after: object({}) },
  ])('publishes a change of $what', async ({ after }) => {
    const { told } = await watch([object({ finalizers: [FINALIZER] })])
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    fake?.tell('MODIFIED', { ...after, metadata: { ...after.metadata, resourceVersion: '2' } })
    expect(await settled(told)).toHaveLength(2)
  })

  test('publishes that an object is gone, once', async () => {
    const { told, published } = await watch([object({})])
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    fake?.tell('DELETED', object({ resourceVersion: '2' }))
    expect((await settled(told))[1]).toEqual({ name: 'a', version: 'uid-a-gone', gone: true })
    expect(published[1]?.message).toMatchObject({ ref: { cluster: 'acme', name: 'a' }, object: null })
  })

  test('publishes another object of the name after the end of the first', async () => {
    const { told } = await watch([object({})])
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    fake?.tell('DELETED', object({ resourceVersion: '2' }))
    fake?.tell('ADDED', object({ uid: 'uid-2', resourceVersion: '3' }))
    expect((await settled(told)).map(({ version }) => version)).toEqual(['1', 'uid-a-gone', '3'])
  })

  test('takes kubectl’s copy of the object off, and nothing else', async () => {
    const { published } = await watch([
      object({ annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'x' } }),
    ])
    await vi.waitFor(() => expect(published).toHaveLength(1))
    const sent = published[0]?.message as { object: KubeObject } | undefined
    expect(sent?.object.metadata.annotations).toEqual({ keep: 'x' })
  })
})

describe('a watch that begins after another ended', () => {
  test('publishes nothing that the stream already has at this very version', async () => {
    const { told } = await watch(
      [object({ resourceVersion: '5' }), object({ name: 'b', resourceVersion: '6' })],
      [stored('a', '5'), stored('b', '4')],
    )
    expect((await settled(told)).map(({ name, version }) => [name, version])).toEqual([['b', '6']])
  })

  test('publishes that what the stream has and the list has not is gone', async () => {
    const { told, published } = await watch([object({ resourceVersion: '5' })], [stored('a', '5'), stored('lost', '3')])
    expect(await settled(told)).toEqual([{ name: 'lost', version: 'uid-lost-gone', gone: true }])
    expect(published[0]?.key).toBe(ownKey('lost'))
  })

  test('says nothing of what was in a cluster that is not seen here', async () => {
    const elsewhere = stored('elsewhere', '3')
    elsewhere.object.cluster = 'globex'
    const { told } = await watch([object({})], [elsewhere], (cluster) => cluster === 'acme')
    expect(await settled(told)).toEqual([{ name: 'a', version: '1', gone: false }])
  })

  test('knows what it published nothing of: its end is published', async () => {
    const { told } = await watch([object({ resourceVersion: '5' })], [stored('a', '5')])
    expect(await settled(told)).toEqual([])
    fake?.tell('DELETED', object({ resourceVersion: '1000' }))
    await vi.waitFor(() => expect(told()).toContainEqual({ name: 'a', version: 'uid-a-gone', gone: true }))
  })
})

describe('keys of a version before', () => {
  const OLD = '0'.repeat(32)
  const keysOf = (published: Publication[]) =>
    published.flatMap(({ key, object: ref, tombstone }) => (ref?.name === 'a' ? [[key, tombstone === true]] : []))

  test('what the stream has of an object under one of them is no more, and the object is told of under its own', async () => {
    const { told, published } = await watch([object({ resourceVersion: '5' })], [stored('a', '5', { key: OLD })])
    await settled(told)
    expect(keysOf(published)).toEqual([
      [OLD, true],
      [ownKey('a'), false],
    ])
  })

  test('an object with an Assignment of such a key goes on under it, and under its own once that is gone', async () => {
    const { keys, told, published } = await watch(
      [object({ resourceVersion: '5' })],
      [stored('a', '5', { key: OLD })],
      undefined,
      assignmentOf('a', OLD),
    )
    await settled(told)
    expect(keysOf(published)).toEqual([])
    keys.forget(`assignment-${OLD}`)
    expect(keysOf(published)).toEqual([
      [OLD, true],
      [ownKey('a'), false],
    ])
    fake?.tell('DELETED', object({ resourceVersion: '1000' }))
    await vi.waitFor(() => expect(keysOf(published)[2]).toEqual([ownKey('a'), true]))
  })
})

test('an object that is read in another version of its API is told of again, under the same key', async () => {
  const { told, published } = await watch(
    [object({ resourceVersion: '5' })],
    [stored('a', '5', { api: 'v1alpha1' }), stored('lost', '3', { api: 'v1alpha1' })],
  )
  await settled(told)
  const [first, gone] = published.filter(({ object: ref }) => ref?.name !== 'marker')
  expect([first?.key, first?.epoch, first?.message]).toMatchObject([ownKey('a'), 'v1', { ref: { gvr: THINGS } }])
  expect([gone?.key, gone?.tombstone]).toEqual([ownKey('lost'), true])
})

describe('a watch that is not alone', () => {
  test('publishes after what the stream had when it began, and after its own last word', async () => {
    const { published, hears } = await watch([object({ resourceVersion: '5' })], [stored('a', '4')])
    await vi.waitFor(() => expect(published).toHaveLength(1))
    expect(published[0]).toMatchObject({ after: 4, ifNews: true })
    hears[0]?.(17, false)
    fake?.tell('DELETED', object({ resourceVersion: '6' }))
    await vi.waitFor(() => expect(published).toHaveLength(2))
    expect(published[1]).toMatchObject({ after: 17, ifNews: true })
    expect(published[1]?.message).toMatchObject({ object: null, goneUID: 'uid-a', goneVersion: '5' })
  })

  test('reads the objects again where the stream has a word that may be newer, and counts on that one then', async () => {
    const { published, hears } = await watch([object({ resourceVersion: '5' })])
    await vi.waitFor(() => expect(published).toHaveLength(1))
    hears[0]?.(30, true)
    await vi.waitFor(() => expect(fake?.connections).toBe(2), { timeout: 5_000 })
    await vi.waitFor(() => expect(published).toHaveLength(2))
    expect(published[1]).toMatchObject({ after: 30, version: '5' })
  })

  test('has its view begin anew where the stream tells of a later object than the one that is gone', async () => {
    const { published, hears, beginAnew } = await watch([object({ resourceVersion: '5' })])
    await vi.waitFor(() => expect(published).toHaveLength(1))
    hears[0]?.(17, false)
    fake?.tell('DELETED', object({ resourceVersion: '6' }))
    await vi.waitFor(() => expect(published).toHaveLength(2))
    hears[1]?.(18, false)
    expect(beginAnew).not.toHaveBeenCalled()
    hears[1]?.(30, true)
    expect(beginAnew).toHaveBeenCalledOnce()
  })
})

test('objects of a cluster that is not in view yet are held until it is', async () => {
  const shows = vi.fn(() => false)
  const { published, told, cameIntoView } = await watch([object({}), object({ name: 'b' })], [], shows)
  fake?.tell('DELETED', object({ resourceVersion: '2' }))
  fake?.tell('ADDED', object({ name: 'c', resourceVersion: '3' }))
  await vi.waitFor(() => expect(shows).toHaveBeenCalledTimes(3))
  expect(told()).toEqual([])
  shows.mockReturnValue(true)
  cameIntoView('acme')
  expect(published.map(({ object: ref }) => ref?.name)).toEqual(['b', 'c'])
})
