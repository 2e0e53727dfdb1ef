import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'

const run = promisify(execFile)
const MAIN = join(ROOT, 'test/story/main.ts')

describe('npm start', () => {
  test.each(['kcp', 'clusters'])('the story holds on %s, step by step', async (engine) => {
    const { stdout } = await run(process.execPath, [MAIN, '--once', '--engine', engine])
    expect(stdout).toContain('All five steps held')
  })

  test('an engine that there is not is told in one line', async () => {
    const failed = run(process.execPath, [MAIN, '--engine', 'steam'])
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: '--engine: must be one of kcp, clusters, got "steam"\n',
    })
  })
})
