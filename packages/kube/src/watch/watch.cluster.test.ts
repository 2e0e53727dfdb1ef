import { readFile } from 'node:fs/promises'
import { type ControlPlane, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, THINGS, thing } from '../../test/cluster.ts'
import { Recorder } from '../../test/recorder.ts'
import { scratchDirectory } from '../../test/scratch.ts'
import { TcpProxy } from '../../test/tcp-proxy.ts'
import { KubeClient } from '../client.ts'
import { parseKubeconfig } from '../clusters/kubeconfig.ts'
import { isTransient } from '../errors.ts'
import type { WatchedObject } from './types.ts'
import { type Watch, watchResource } from './watch.ts'

const dir = scratchDirectory()
/** Told in the name of a failing run: the same seed does the same writes. */
const SEED = Number(process.env.KUBE_TEST_SEED ?? Date.now() % 100_000)

let controlPlane: ControlPlane
let client: KubeClient
let proxy: TcpProxy
let proxied: KubeClient

beforeAll(async () => {
  ;({ controlPlane, client } = await startCluster('watch', dir))
  proxy = await TcpProxy.start(Number(new URL(controlPlane.url).port))
  const endpoint = await parseKubeconfig(await readFile(controlPlane.kubeconfig, 'utf8'), dir)
  proxied = new KubeClient({ ...endpoint, server: `https://127.0.0.1:${proxy.port}` })
})

afterAll(async () => {
  proxied.close()
  client.close()
  proxy.stop()
  await controlPlane.stop()
})

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

async function listed(labelSelector?: string): Promise<Record<string, string>> {
  const { items } = await client.list<WatchedObject>(THINGS, { labelSelector })
  return Object.fromEntries(
    items.map(({ metadata }) => [`default/${metadata.name}`, `${metadata.uid}@${metadata.resourceVersion}`]),
  )
}

const viewOf = (entries: ReadonlyMap<string, { uid: string; resourceVersion: string }>) =>
  Object.fromEntries([...entries].map(([id, { uid, resourceVersion }]) => [id, `${uid}@${resourceVersion}`]).sort())

async function agree(recorder: Recorder, watch: Watch, labelSelector?: string): Promise<void> {
  const wanted = await listed(labelSelector)
  await waitFor(
    'the view is what is listed',
    () => JSON.stringify(viewOf(recorder.view)) === JSON.stringify(wanted),
  ).catch(() => undefined)
  expect(viewOf(recorder.view)).toEqual(wanted)
  expect(viewOf(watch.known)).toEqual(wanted)
  expect(recorder.mistakes).toEqual([])
}

/** Creates, changes and deletes until `over`; a write that a restart takes down is one that did not happen, or did. */
async function scramble(random: () => number, names: string, over: () => boolean): Promise<number> {
  let writes = 0
  while (!over()) {
    const ref = { ...THINGS, name: `${names}${Math.floor(random() * 25)}` }
    const labels = { even: String(random() < 0.5) }
    const kind = random()
    try {
      if (kind < 0.3) await client.delete(ref)
      else await client.apply(ref, thing(ref.name, { at: writes }, { labels }), { force: true })
      writes++
    } catch (error) {
      if (isTransient(error))
        await waitFor('the server is back', () =>
          client.get(ref).then(
            () => true,
            (e) => !isTransient(e),
          ),
        )
      // Nothing to delete.
    }
  }
  return writes
}

test(`whatever breaks, the view becomes what is there (KUBE_TEST_SEED=${SEED})`, async () => {
  const random = generator(SEED)
  const stop = new AbortController()
  const all = new Recorder()
  const even = new Recorder()
  const quick = { firstRetryMs: 20, lastRetryMs: 200, random }
  const watches = [
    watchResource(proxied, { ...THINGS, ...quick }, all, stop),
    watchResource(proxied, { ...THINGS, ...quick, labelSelector: 'even=true', metadataOnly: true }, even, stop),
  ] as const
  let over = false
  const writing = [scramble(generator(SEED + 1), 'x', () => over), scramble(generator(SEED + 2), 'y', () => over)]
  const troubles = [
    () => proxy.cut(),
    () => proxy.cut(),
    async () => {
      proxy.refuse(true)
      proxy.cut()
      const before = all.events.length
      await waitFor('it was refused', () => all.events.length > before + 2)
      proxy.refuse(false)
    },
    () => controlPlane.restartApiServer(),
    () => proxy.cut(),
    () => controlPlane.restartApiServer({ crash: true }),
    () => proxy.cut(),
  ]
  for (const trouble of troubles) {
    const [told, cut] = [all.told.length, even.told.length]
    await waitFor('events come', () => all.told.length > told + 20 && even.told.length > cut + 5, {
      intervalMs: 5 + random() * 20,
    })
    await trouble()
  }
  await waitFor('events come again', () => all.syncs > 1)
  over = true
  const writes = await Promise.all(writing)
  await agree(all, watches[0])
  await agree(even, watches[1], 'even=true')
  expect(Math.min(...writes)).toBeGreaterThan(50)
  stop.abort()
  await Promise.all(watches.map(({ ended }) => ended))
})

test('a half-open connection is given up, and what was missed comes', async () => {
  const stop = new AbortController()
  const recorder = new Recorder()
  const watch = watchResource(proxied, { ...THINGS, silenceMs: 400, firstRetryMs: 20 }, recorder, stop)
  await waitFor('synced', () => recorder.syncs === 1)
  proxy.silence()
  await client.apply({ ...THINGS, name: 'missed' }, thing('missed'))
  await waitFor('told', () => recorder.view.has('default/missed'))
  expect(recorder.events).toContainEqual(expect.objectContaining({ type: 'disconnected' }))
  await agree(recorder, watch)
  stop.abort()
  await watch.ended
})

test('what is deleted and made again while nobody watches is another object', async () => {
  const ref = { ...THINGS, name: 'phoenix' }
  await client.apply(ref, thing('phoenix'))
  const stop = new AbortController()
  const recorder = new Recorder()
  const watch = watchResource(proxied, { ...THINGS, firstRetryMs: 20, lastRetryMs: 50 }, recorder, stop)
  await waitFor('synced', () => recorder.syncs === 1)
  proxy.refuse(true)
  proxy.cut()
  await waitFor('it is cut off', () => recorder.has('disconnected'))
  await client.delete(ref)
  await client.apply(ref, thing('phoenix'))
  proxy.refuse(false)
  await agree(recorder, watch)
  expect(recorder.told.filter((each) => each.includes('phoenix')).map((each) => each[0])).toEqual(['+', '-', '+'])
  stop.abort()
  await watch.ended
})

test('restart hands all over again', async () => {
  const stop = new AbortController()
  const recorder = new Recorder()
  recorder.repeats = true
  const watch = watchResource(client, THINGS, recorder, stop)
  await waitFor('synced', () => recorder.syncs === 1)
  const first = recorder.told.splice(0)
  watch.restart()
  await waitFor('synced again', () => recorder.syncs === 2)
  expect(recorder.told.toSorted()).toEqual(first.toSorted())
  stop.abort()
  await watch.ended
})

test('a kind that comes later is watched from then on', async () => {
  const stop = new AbortController()
  const recorder = new Recorder()
  const later = { group: 'later.io', version: 'v1', resource: 'laters' }
  const watch = watchResource(client, { ...later, firstRetryMs: 20, lastRetryMs: 100 }, recorder, stop)
  await waitFor('absent', () => recorder.has('absent'))
  const names = { plural: 'laters', singular: 'later', kind: 'Later', listKind: 'LaterList' }
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }]
  const spec = { group: 'later.io', scope: 'Cluster', names, versions }
  const metadata = { name: 'laters.later.io' }
  await controlPlane.client.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec,
  })
  await controlPlane.client.apply({
    apiVersion: 'later.io/v1',
    kind: 'Later',
    metadata: { name: 'one', namespace: '' },
  })
  await waitFor('told', () => recorder.view.has('/one'))
  stop.abort()
  await watch.ended
})
