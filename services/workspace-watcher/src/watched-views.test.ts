import type { Membership } from '@resource-broker/bus'
import type { View } from '@resource-broker/service'
import { expect, test, vi } from 'vitest'
import type { WatcherContext } from './context.ts'
import { Inventory } from './inventory.ts'
import { KeyBook } from './key-book.ts'
import { WatchedViews } from './watched-views.ts'

/** One watch that was opened, of which view. */
type Opened = { id: string; signal: AbortSignal }

function watching() {
  const opened: Opened[] = []
  const views: View[] = []
  const state = {
    share: new Set<string>(),
    loads: [] as PromiseWithResolvers<Inventory>[],
    underWay: Promise.resolve(),
  }
  const context = {
    providers: {
      count: () => ({ tally: { set: () => undefined }, complete: () => undefined }),
      follow: () => () => undefined,
    },
    keys: new KeyBook(),
    onCluster: () => undefined,
    reportWatch: () => undefined,
    settled: () => state.underWay,
  } as unknown as WatcherContext
  const load = () => {
    const loading = Promise.withResolvers<Inventory>()
    state.loads.push(loading)
    return loading.promise
  }
  const watched = new WatchedViews(context, { all: views } as never, load)
  const viewOf = (id: string): View => {
    const watch = async (_of: unknown, _query: unknown, { signal }: Opened) => {
      opened.push({ id, signal })
      return await new Promise<never>(() => undefined)
    }
    return { id, client: { watch }, duties: ['offers'], kinds: [], shows: () => true } as unknown as View
  }
  return {
    ...{ watched, views, viewOf, state, opened },
    balance: (...share: string[]) => {
      const all = new Set(share)
      watched.balance({ shareOf: () => all } as unknown as Membership)
    },
    /** Those that are watched now. */
    now: () => opened.filter(({ signal }) => !signal.aborted).map(({ id }) => id),
    loaded: async (inventory = new Inventory([])) => {
      await vi.waitFor(() => expect(state.loads.length).toBeGreaterThan(0))
      state.loads.shift()?.resolve(inventory)
    },
  }
}

test('exactly the share of this replica is watched, and what becomes another’s is let go', async () => {
  const { views, viewOf, balance, loaded, now } = watching()
  views.push(viewOf('a'), viewOf('b'), viewOf('c'))
  balance('a', 'b')
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a', 'b']))
  balance('b', 'c')
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['b', 'c']))
})

test('what the stream holds is asked for once it has what a watch that ended had under way', async () => {
  const { views, viewOf, balance, loaded, now, state } = watching()
  const publication = Promise.withResolvers<void>()
  state.underWay = publication.promise
  views.push(viewOf('a'))
  balance('a')
  await new Promise((resolve) => setImmediate(resolve))
  expect(state.loads).toEqual([])
  publication.resolve()
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a']))
})

test('a view that comes back is watched by what the stream holds then, not by what it held when the process began', async () => {
  const { views, viewOf, balance, loaded, now } = watching()
  views.push(viewOf('a'))
  const of = (inventory: Inventory) => vi.spyOn(inventory, 'of')
  const [first, second] = [new Inventory([]), new Inventory([])]
  const [askedFirst, askedSecond] = [of(first), of(second)]
  balance('a')
  await loaded(first)
  await vi.waitFor(() => expect(now()).toEqual(['a']))
  balance()
  expect(now()).toEqual([])
  balance('a')
  await loaded(second)
  await vi.waitFor(() => expect(now()).toEqual(['a']))
  expect([askedFirst.mock.calls.length, askedSecond.mock.calls.length]).toEqual([1, 1])
})

test('what was read of a stream that is lost before it is used counts no more', async () => {
  const { watched, views, viewOf, balance, loaded, now } = watching()
  views.push(viewOf('a'))
  balance('a')
  const lost = new Inventory([])
  const asked = vi.spyOn(lost, 'of')
  watched.restart()
  await loaded(lost)
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a']))
  expect(asked).not.toHaveBeenCalled()
})

test('when the stream is lost everything is watched anew, by what the stream holds by then', async () => {
  const { watched, views, viewOf, balance, loaded, now, opened } = watching()
  views.push(viewOf('a'), viewOf('b'))
  balance('a', 'b')
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a', 'b']))
  watched.restart()
  expect(now()).toEqual([])
  const after = new Inventory([])
  const asked = vi.spyOn(after, 'of')
  await loaded(after)
  await vi.waitFor(() => expect(now()).toEqual(['a', 'b']))
  expect([opened.length, asked.mock.calls.length]).toEqual([4, 2])
})

test('a view whose client is another one takes the place of that of its name', async () => {
  const { views, viewOf, balance, loaded, now, opened } = watching()
  views.push(viewOf('a'))
  balance('a')
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a']))
  views.splice(0, 1, viewOf('a'))
  balance('a')
  await loaded()
  await vi.waitFor(() => expect(opened).toHaveLength(2))
  expect(now()).toEqual(['a'])
})

test('a view that is not this replica’s any more by the time that the stream was read is not watched', async () => {
  const { views, viewOf, balance, loaded, now, state } = watching()
  views.push(viewOf('a'), viewOf('b'))
  balance('a')
  balance('b')
  await loaded()
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['b']))
  expect(state.loads).toEqual([])
})

test('nothing is watched after the stop', async () => {
  const { watched, views, viewOf, balance, loaded, now } = watching()
  views.push(viewOf('a'))
  balance('a')
  await loaded()
  await vi.waitFor(() => expect(now()).toEqual(['a']))
  watched.stop()
  expect(now()).toEqual([])
})
