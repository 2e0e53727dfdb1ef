import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CompactedError, type ObjectKey, openStore, type Store } from './mod.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandbox-store-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

const key = (name: string): ObjectKey => ({ resource: 'things', cluster: 'root', namespace: 'default', name })
const content = (text: string) => (revision: number) => Buffer.from(JSON.stringify({ revision, text }))
const dump = (store: Store) =>
  store.list({ resource: 'things' }).entries.map(({ key: { name }, revision, bytes }) => `${name}@${revision} ${bytes}`)

async function fill(names: readonly string[]): Promise<string[]> {
  const store = await openStore({ dir })
  for (const name of names) store.create(key(name), content(name))
  const contents = dump(store)
  await store.close()
  return contents
}

test('a restart brings back objects and revision, and no history', async () => {
  const store = await openStore({ dir })
  store.create(key('a'), content('one'))
  store.update(key('a'), 1, content('two'))
  store.create(key('b'), content('one'))
  store.delete(key('b'), 3, content('one'))
  await store.durable()
  await store.close()

  const again = await openStore({ dir })
  expect(dump(again)).toEqual(['a@2 {"revision":2,"text":"two"}'])
  expect([again.revision, again.compacted]).toEqual([4, 4])
  expect(() => again.watch({ resource: 'things' }, 3, () => {})).toThrow(CompactedError)
  expect(again.create(key('c'), content('')).revision).toBe(5)
  await again.close()
})

test('one directory is for one process at a time', async () => {
  const store = await openStore({ dir })
  await expect(openStore({ dir })).rejects.toThrow(`${dir} is in use by process ${process.pid}`)
  await store.close()
  await (await openStore({ dir })).close()
})

test('a torn last record is cut off, wherever it is torn', async () => {
  const [first] = await fill(['a'])
  const log = join(dir, 'log.1')
  const before = (await stat(log)).size
  await fill(['b'])
  const whole = await readFile(log)
  for (let size = before; size < whole.length; size += 5) {
    await writeFile(log, whole)
    await truncate(log, size)
    const store = await openStore({ dir })
    expect(dump(store)).toEqual([first])
    await store.close()
    expect((await stat(log)).size).toBe(before)
  }
})

test('a byte that changed in the middle is told with its place, and nothing is changed', async () => {
  await fill(['a', 'b', 'c'])
  const log = join(dir, 'log.1')
  const whole = await readFile(log)
  const second = whole.indexOf('"b"')
  whole.writeUInt8(whole.readUInt8(second) ^ 1, second)
  await writeFile(log, whole)
  await expect(openStore({ dir })).rejects.toThrow(/log\.1 is broken at byte \d+, and goes on at byte \d+/)
  expect(await readFile(log)).toEqual(whole)
})

test('bytes that are no record at the end are cut off', async () => {
  const contents = await fill(['a'])
  await appendFile(join(dir, 'log.1'), Buffer.alloc(5000, 0xd5))
  const store = await openStore({ dir })
  expect(dump(store)).toEqual(contents)
  await store.close()
})

test('a log much larger than its objects is begun anew while writes go on', async () => {
  const store = await openStore({ dir })
  let revision = store.create(key('a'), content('')).revision
  const large = 'x'.repeat(1024 * 1024)
  const logs = async () => (await readdir(dir)).filter((name) => /^log\.[0-9]+$/.test(name))
  const isNew = async () => (await logs()).some((name) => name !== 'log.1')
  let written = 0
  while (!(await isNew())) {
    revision = store.update(key('a'), revision, content(large)).revision
    written += large.length
    await store.durable()
  }
  store.create(key('b'), content('behind'))
  const contents = dump(store)
  await store.close()
  const [log = '', ...others] = await logs()
  expect(others).toEqual([])
  // It has what was written while it was begun, which is more on a slower disk, and little from before.
  expect((await stat(join(dir, log))).size).toBeLessThan(written - 8 * 1024 * 1024)

  const again = await openStore({ dir })
  expect(dump(again)).toEqual(contents)
  await again.close()
})

/** Creates and changes objects as fast as it can, and prints what is durable. */
const WRITER = `
const { openStore } = await import(process.argv[1])
const store = await openStore({ dir: process.argv[2] })
const key = (name) => ({ resource: 'things', cluster: 'root', namespace: 'default', name })
process.stdout.write('open\\n')
for (let i = 0; ; i++) {
  const text = (i + ':').padEnd(20_000, 'x')
  const name = 'n' + (i % 50)
  const old = store.get(key(name))
  const encode = () => Buffer.from(JSON.stringify({ i, text }))
  const entry = old ? store.update(key(name), old.revision, encode) : store.create(key(name), encode)
  if (i % 7 === 0) {
    await store.durable()
    process.stdout.write(entry.revision + ' ' + i + '\\n')
  }
}`

test('kill -9 in the middle of writes loses nothing that was answered, again and again', {
  timeout: 60_000,
}, async () => {
  let count = 0
  let latest = 0
  for (const answers of [1, 40, 300]) {
    const args = ['--input-type=module', '-e', WRITER, new URL('mod.ts', import.meta.url).href, dir]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let seen = 0
    let last = { revision: 0, i: 0 }
    for await (const line of createInterface(child.stdout)) {
      const [revision, i] = line.split(' ').map(Number)
      if (revision === undefined || i === undefined) continue
      expect(revision).toBeGreaterThan(latest)
      last = { revision, i }
      if (++seen === answers) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const store = await openStore({ dir })
    expect(store.revision).toBeGreaterThan(last.revision)
    const written = store
      .list({ resource: 'things' })
      .entries.map(({ bytes }) => JSON.parse(bytes.toString()).i as number)
    expect(Math.max(...written)).toBeGreaterThanOrEqual(last.i)
    expect(store.list({ resource: 'things' }).entries.every(({ revision }) => revision <= store.revision)).toBe(true)
    latest = store.revision
    count = written.length
    await store.close()
  }
  expect(count).toBe(50)
})
