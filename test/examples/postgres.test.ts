import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensurePostgres } from '@resource-broker/testbed'
import { afterAll, describe, expect, test } from 'vitest'
import { prepare } from '../../examples/postgres/run.ts'
import { followedReadme } from '../support/followed-readme.ts'
import { ROOT } from '../support/landscape.ts'
import { GatedMove } from './gated-move.ts'

/** Why there is no PostgreSQL here; undefined if there is one. */
const missing = await ensurePostgres(console.log).then(
  () => undefined,
  (error: Error) => error.message,
)

if (missing !== undefined) test('examples/postgres', (context) => context.skip(missing))

describe.skipIf(missing)('examples/postgres, when its README was followed', () => {
  afterAll(() => rm(join(ROOT, '.tmp/postgres'), { recursive: true, force: true })) // once all has stopped
  const { said, run } = followedReadme(prepare)
  const lines = () => said.map((line) => line.trim())
  const text = () => lines().join('\n')

  test('the row that was written at the one provider was read at the other', () => {
    expect(lines()).toContain('1|written at dev')
  })

  test('of what was written while the database moved all is there, and the proof of it is in the Migration', () => {
    const [, written, there] = text().match(/^(\d+) rows written, (\d+) rows there$/m) ?? []
    expect(Number(written)).toBeGreaterThan(0)
    expect(there).toBe(written)
    const [, compared] = text().match(/^compare: Succeeded checksum [0-9a-f]{32}, rows (\d+)$/m) ?? []
    expect(Number(compared)).toBeLessThanOrEqual(Number(written))
  })

  test('the move whose comparison failed was taken back after the fence, and says why', () => {
    const failed = 'Job compare failed: Job has reached the specified backoff limit'
    expect(lines()).toContain(`compare: Failed ${failed}`)
    expect(lines()).toContain(`stage compare: ${failed}; the object stays at dev`)
  })

  test('the move that a person had to approve waited before the fence', () => {
    const waited = lines().findIndex((line) =>
      line.startsWith('waits for an approval of the switch: kubectl patch migration '),
    )
    expect(lines()[waited + 1]).toMatch(/^copy: Succeeded/)
    expect(lines()[waited + 2]).not.toMatch(/^fence: /)
  })

  test('nothing is left of what was asked for', async () => {
    expect(await run('platform get assignments')).toBe('No resources found')
    expect(await run('dev get postgreses; production get postgreses')).toBe(
      'No resources found in default namespace.\nNo resources found in default namespace.',
    )
  })

  test('nothing is left at the compute cluster', async () => {
    expect(await run('compute get jobs,pods,secrets -A')).toBe('No resources found')
    const namespaces = await run('compute get namespaces -o name')
    expect(namespaces.split('\n').sort()).toEqual(
      ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => `namespace/${name}`),
    )
  })
})

describe.skipIf(missing)('examples/postgres, when each service is killed in the middle of each stage', () => {
  const move = new GatedMove()
  afterAll(async () => {
    await move.stop()
    await rm(join(ROOT, '.tmp/postgres'), { recursive: true, force: true })
  })

  test('each stage is gone through once, and of what was written meanwhile nothing is missing', async () => {
    await move.begin()
    const stages = await move.eachStage(async (services) => {
      for (const service of services) {
        await service.kill('SIGKILL')
        await service.start()
      }
    })
    expect(stages).toEqual(['copy', 'fence', 'last-copy', 'compare'])
    expect(await move.attempts()).toEqual(stages.map((name) => `${name}: Succeeded, attempt 1`))
    const { written, count, highest, compared } = await move.rows()
    expect(written).toBeGreaterThan(compared)
    expect([count, highest]).toEqual([written, written])
  })
})
