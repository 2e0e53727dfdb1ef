import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ExportLandscape, THINGS } from '../../test/export-landscape.ts'
import { type BoundCluster, type ExportWatchEvent, watchExport } from './watch-export.ts'

const QUICK = { firstRetryMs: 20, lastRetryMs: 100 }

describe('a resource behind the endpoints of an export', () => {
  let landscape: ExportLandscape
  beforeEach(async () => {
    landscape = await ExportLandscape.start()
  })
  afterEach(async () => {
    await landscape.stop()
  })

  /** `told` has a line for each call: what, in which logical cluster, which object. */
  function follow() {
    const stopping = new AbortController()
    const told: string[] = []
    const places = new Map<string, BoundCluster>()
    const events: ExportWatchEvent[] = []
    const tell = (what: string, name: string, at: BoundCluster) => {
      told.push(`${what} ${at.cluster} ${name}`)
      places.set(at.cluster, at)
    }
    const watch = watchExport(
      landscape.home,
      { ...THINGS, ...QUICK, slice: 'things' },
      {
        upsert: ({ metadata }, at) => tell('upsert', metadata.name, at),
        delete: ({ name }, at) => tell('delete', name, at),
        report: (event) => void events.push(event),
      },
      { signal: stopping.signal },
    )
    const stop = async () => {
      stopping.abort()
      await watch.ended
    }
    onTestFinished(stop)
    const tells = (line: string) => waitFor(line, () => told.includes(line))
    return { told, tells, places, events, stop }
  }

  function endpointOn(shard: number): string {
    return landscape.sandbox.shards[shard]?.virtualWorkspaceUrl ?? ''
  }

  test('is told with the logical cluster it is in, which can be written to', async () => {
    const [one, two] = await Promise.all([
      landscape.createConsumer('one', 'root'),
      landscape.createConsumer('two', 'shard-1'),
    ])
    await landscape.createThing(one, 'same')
    await landscape.createThing(two, 'same')
    const { tells, places } = follow()
    for (const cluster of [one, two]) {
      await tells(`upsert ${cluster} same`)
      const ref = { ...THINGS, namespace: 'default', name: 'same' }
      await places.get(cluster)?.client.mergePatch(ref, { metadata: { labels: { seen: cluster } } })
      const [thing] = await landscape.things(cluster)
      expect(thing?.metadata.labels?.['seen']).toBe(cluster)
    }
    await landscape.deleteThing(two, 'same')
    await tells(`delete ${two} same`)
  })

  test('is followed at endpoints that come later, until they go', async () => {
    const { tells, told, places, events } = follow()
    const one = await landscape.createConsumer('one', 'root')
    await landscape.createThing(one, 'first')
    await tells(`upsert ${one} first`)
    const two = await landscape.createConsumer('two', 'shard-1')
    await landscape.createThing(two, 'second')
    await tells(`upsert ${two} second`)
    const left = places.get(two)
    await landscape.unbind(two)
    await waitFor('the endpoint is gone', () => left?.signal.aborted)
    expect(events.filter(({ type }) => type !== 'watch').map(({ type }) => type)).toEqual(['added', 'added', 'removed'])
    await landscape.createThing(one, 'third')
    await tells(`upsert ${one} third`)
    expect(told.filter((line) => line.includes(' first'))).toEqual([`upsert ${one} first`])
  })

  test('is told where its shard is there, whichever other is away', async () => {
    const one = await landscape.createConsumer('one', 'root')
    const two = await landscape.createConsumer('two', 'shard-1')
    await landscape.createThing(two, 'before')
    const { sandbox } = landscape
    await sandbox.shards[1]?.stop()
    const { tells, told, events } = follow()
    await landscape.createThing(one, 'meanwhile')
    await tells(`upsert ${one} meanwhile`)
    await waitFor('the other is missed', () =>
      events.some(
        (event) => event.type === 'watch' && event.url.startsWith(endpointOn(1)) && event.event.type === 'disconnected',
      ),
    )
    await sandbox.shards[1]?.start()
    await tells(`upsert ${two} before`)

    await sandbox.shards[1]?.stop()
    await landscape.createThing(one, 'again')
    await tells(`upsert ${one} again`)
    await sandbox.shards[1]?.start()
    await landscape.createThing(two, 'after')
    await tells(`upsert ${two} after`)
    // What did not change while it was away is no news.
    expect(told.filter((line) => line.endsWith(' before'))).toHaveLength(1)
  })

  test('goes on while the shard of the slice is away', async () => {
    const two = await landscape.createConsumer('two', 'shard-1')
    await landscape.createThing(two, 'before')
    const { tells, places, events } = follow()
    await tells(`upsert ${two} before`)
    await landscape.sandbox.shards[0]?.stop()
    await waitFor('the slice is missed', () =>
      events.some(
        (event) => event.type === 'watch' && event.url === landscape.home.server && event.event.type === 'disconnected',
      ),
    )
    const thing = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name: 'meanwhile' } }
    await places.get(two)?.client.create({ ...THINGS, namespace: 'default' }, thing)
    await tells(`upsert ${two} meanwhile`)
    await landscape.sandbox.shards[0]?.start()
  })

  test('is handed over again after a restart, at that endpoint alone', async () => {
    const one = await landscape.createConsumer('one', 'root')
    const two = await landscape.createConsumer('two', 'shard-1')
    await landscape.createThing(one, 'same')
    await landscape.createThing(two, 'same')
    const { tells, told, places } = follow()
    await tells(`upsert ${one} same`)
    await tells(`upsert ${two} same`)
    places.get(two)?.restart()
    await waitFor('it is told again', () => told.length === 3)
    expect(told[2]).toBe(`upsert ${two} same`)
  })

  test('ends with its signal, its clusters with it', async () => {
    const one = await landscape.createConsumer('one', 'root')
    await landscape.createThing(one, 'first')
    const { tells, told, places, stop } = follow()
    await tells(`upsert ${one} first`)
    await stop()
    expect(places.get(one)?.signal.aborted).toBe(true)
    await expect(places.get(one)?.client.list(THINGS)).rejects.toThrow('the client was closed')
    await landscape.createThing(one, 'second')
    expect(told).toHaveLength(1)
  })
})
