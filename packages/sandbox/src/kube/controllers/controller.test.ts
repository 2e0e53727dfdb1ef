import { expect, test, vi } from 'vitest'
import { openStore } from '../../store/mod.ts'
import { Controller } from './controller.ts'

const KEY = { resource: 'things', cluster: 'one', namespace: 'team', name: 'a' }
const bytes = () => Buffer.from('{}')
const silent = { warn: () => {} }

test('what exists at the start is looked at, and what changes later', async () => {
  const store = await openStore({})
  store.create(KEY, bytes)
  const seen: string[] = []
  const triggers = [{ resource: 'things' }]
  const reconcile = (key: string) => void seen.push(key)
  const controller = new Controller(store, silent, {
    name: 'test',
    triggers,
    reconcile: (key) => reconcile(key) as undefined,
  })
  controller.start()
  await controller.idle()
  store.create({ ...KEY, name: 'b' }, bytes)
  await controller.idle()
  expect(seen).toEqual(['one|team|a', 'one|team|b'])
  controller.stop()
})

test('a key that is named often runs once, and again when it is named while it runs', async () => {
  const store = await openStore({})
  const { promise, resolve } = Promise.withResolvers<void>()
  let runs = 0
  const reconcile = async () => {
    runs++
    if (runs === 1) await promise
    return undefined
  }
  const controller = new Controller(store, silent, { name: 'test', triggers: [{ resource: 'things' }], reconcile })
  controller.start()
  const entry = store.create(KEY, bytes)
  const next = store.update(KEY, entry.revision, bytes)
  await vi.waitFor(() => expect(runs).toBe(1))
  store.update(KEY, next.revision, bytes)
  resolve()
  await controller.idle()
  expect(runs).toBe(2)
  controller.stop()
})

test('an error is logged and tried again', async () => {
  const store = await openStore({})
  const warn = vi.fn()
  let runs = 0
  const reconcile = () => {
    runs++
    if (runs < 3) throw new Error('not yet')
    return undefined
  }
  const controller = new Controller(store, { warn }, { name: 'test', triggers: [{ resource: 'things' }], reconcile })
  controller.start()
  store.create(KEY, bytes)
  await vi.waitFor(() => expect(runs).toBe(3))
  expect(warn).toHaveBeenCalledTimes(2)
  controller.stop()
})

test('a returned number asks for another look', async () => {
  const store = await openStore({})
  let runs = 0
  const reconcile = () => (++runs < 3 ? 1 : undefined)
  const controller = new Controller(store, silent, { name: 'test', triggers: [{ resource: 'things' }], reconcile })
  controller.start()
  store.create(KEY, bytes)
  await vi.waitFor(() => expect(runs).toBe(3))
  controller.stop()
})
