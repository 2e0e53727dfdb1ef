import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../store/mod.ts'

const OBJECTS = 100_000
const SIZE = 2048
/** Writes of one turn of the event loop, as 32 connections make them. */
const BATCH = 32

const filler = 'x'.repeat(SIZE - 100)
const keyOf = (i: number) => ({
  resource: 'configmaps',
  cluster: 'root',
  // Names in no order.
  namespace: `namespace-${i % 10}`,
  name: `object-${((i * 7919) % OBJECTS).toString(36)}`,
})

async function writeAll(store: Store): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < OBJECTS; i += BATCH) {
    for (let j = i; j < Math.min(i + BATCH, OBJECTS); j++) {
      store.create(keyOf(j), (revision) =>
        Buffer.from(JSON.stringify({ metadata: { resourceVersion: `${revision}`, n: j }, filler })),
      )
    }
    await store.durable()
  }
  return OBJECTS / ((performance.now() - start) / 1000)
}

/** Milliseconds for a page of 500, at the median of all pages. */
function listAll(store: Store): number {
  const range = { resource: 'configmaps', cluster: 'root' }
  const times: number[] = []
  for (let page = store.list(range, { limit: 500 }); page.more; ) {
    const start = performance.now()
    const after = page.entries.at(-1)?.key
    page = store.list(range, { limit: 500, ...(after !== undefined && { after }) })
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}

const memory = () => Math.round(process.memoryUsage.rss() / 1024 / 1024)

async function measure(name: string, dir?: string): Promise<void> {
  const options = dir === undefined ? {} : { dir }
  const store = await openStore(options)
  const rate = await writeAll(store)
  const page = listAll(store)
  await store.close()
  process.stdout.write(
    `${name}: ${Math.round(rate)} writes/s, ${page.toFixed(2)} ms per page of 500, ${memory()} MiB resident\n`,
  )
  if (dir === undefined) return
  const start = performance.now()
  const again = await openStore(options)
  const took = Math.round(performance.now() - start)
  process.stdout.write(`${name}: ${again.count({ resource: 'configmaps' })} objects read back in ${took} ms\n`)
  await again.close()
}

await measure('in memory')
const dir = mkdtempSync(join(tmpdir(), 'sandbox-bench-'))
try {
  await measure('on disk', dir)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
