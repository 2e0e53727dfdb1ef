import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll } from 'vitest'
import { ROOT } from './landscape.ts'

const run = promisify(execFile)

/** A checkout of another commit with its dependencies, for a test file: it is there before the hooks that come after this call, and gone after them. */
export function useVersion(commit: string): { root: string } {
  const version = { root: mkdtempSync(join(tmpdir(), 'version-')) }
  beforeAll(async () => {
    const archive = join(version.root, 'archive.tar')
    await run('git', ['archive', '--output', archive, commit], { cwd: ROOT })
    await run('tar', ['-xf', archive], { cwd: version.root })
    await run('pnpm', ['install', '--frozen-lockfile', '--prefer-offline'], { cwd: version.root })
  })
  afterAll(() => rmSync(version.root, { recursive: true, force: true, maxRetries: 3 }))
  return version
}
