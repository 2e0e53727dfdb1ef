import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'make-directory-'))
})
afterAll(() => rm(base, { recursive: true }))

test('creates what is missing, for its owner alone', async () => {
  await makeDirectory(join(base, 'a/b/c'))
  expect((await stat(join(base, 'a/b/c'))).mode & 0o777).toBe(0o700)
  await makeDirectory(join(base, 'a/b/c'))
})

test('a file in the way is told', async () => {
  await writeFile(join(base, 'file'), '')
  await expect(makeDirectory(join(base, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeDirectory(join(base, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test('where nothing can be created it says so, and does not try for ever', async () => {
  await expect(makeDirectory('/proc/nope')).rejects.toMatchObject({ code: 'ENOENT' })
})
