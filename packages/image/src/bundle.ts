import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { programs, ROOT } from './programs.ts'
import { runTimeFiles } from './run-time-files.ts'

/** What was written: the programs' names, and the bytes of all files together. */
export type BundleReport = { programs: string[]; bytes: number }

/**
 * Writes each program as `<name>.mjs` into `dir`, which is emptied first, with the chunks that they share and the files that they read at
 * run time. Nothing there needs node_modules. @throws what the bundler says, and UnfollowedFileError
 */
export async function bundle(dir: string): Promise<BundleReport> {
  await rm(dir, { recursive: true, force: true })
  const input = Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, join(ROOT, source)]))
  const build = await rolldown({ cwd: ROOT, platform: 'node', input, plugins: [runTimeFiles(ROOT)] })
  try {
    // One folder for all, as the paths of run-time files count from it. Names that are left tell in stack traces where it was.
    await build.write({ dir, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' })
  } finally {
    await build.close()
  }
  return { programs: Object.keys(programs), bytes: await bytesBelow(dir) }
}

async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
