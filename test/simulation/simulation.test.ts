import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runSeed } from './run-seed.ts'

const ONE = process.env['BROKER_TEST_SEED']
const SEEDS = Number(process.env['BROKER_TEST_SEEDS'] ?? 1_000)
const AT_ONCE = Math.min(availableParallelism(), 8)
/** What lives for one world's step is gone before it would be copied to the old generation: a tenth less time. */
const YOUNG = '--max-semi-space-size=64'
const main = fileURLToPath(new URL('main.ts', import.meta.url))

/** Lives worlds in a process of its own, whose clock and timers are the world's. Returns what it says, or '' if all is well. */
function live(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [YOUNG, main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    child.on('error', reject)
    const words = () => Buffer.concat(said).toString('utf8')
    child.on('close', (code, signal) => resolve(code === 0 ? '' : `${words()}it ended with ${code ?? signal}\n`))
  })
}

test.runIf(ONE === undefined)(
  'no world loses or doubles a copy, and each comes to rest',
  { timeout: 86_400_000 },
  async () => {
    const shares = Array.from({ length: AT_ONCE }, (_, index) => {
      const count = Math.ceil((SEEDS - index) / AT_ONCE)
      const known = index === 0 ? ['--known'] : []
      return live(['--from', String(index + 1), '--step', String(AT_ONCE), '--seeds', String(count), ...known])
    })
    expect((await Promise.all(shares)).join('')).toBe('')
  },
)

test.runIf(ONE !== undefined)(`the world of seed ${ONE} loses and doubles nothing`, async () => {
  expect(await live(['--seed', String(ONE)])).toBe('')
})

test('a seed lives the same world twice', async () => {
  const [first, second] = [await runSeed(3), await runSeed(3)]
  expect(second.story.hash).toBe(first.story.hash)
  expect(second.steps).toBe(first.steps)
})

test('another seed lives another world', async () => {
  expect((await runSeed(4)).story.hash).not.toBe((await runSeed(3)).story.hash)
})
