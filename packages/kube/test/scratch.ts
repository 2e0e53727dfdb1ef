import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A new directory for the test file that calls it at its top. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kube-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}
