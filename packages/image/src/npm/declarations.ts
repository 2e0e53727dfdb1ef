import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../programs.ts'

/** Of one declaration to another: `from './types.ts'`, `import('./types.ts')`. */
const REFERENCE = /(?:from |import\()'(\.[^']+)\.ts'/g

/** Writes the declarations of `sandbox/src/mod.ts` into `dir`, and those of no more files than these refer to. */
export async function writeDeclarations(dir: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), 'declarations-'))
  try {
    const project = join(ROOT, 'packages/sandbox/tsconfig.types.json')
    await promisify(execFile)('tsc', ['-p', project, '--outDir', all], { cwd: ROOT })
    for (const file of await reached(join(all, 'mod.d.ts'))) {
      const target = join(dir, relative(all, file))
      await mkdir(dirname(target), { recursive: true })
      await cp(file, target)
    }
  } finally {
    await rm(all, { recursive: true })
  }
}

/** A declaration and all that it refers to. */
async function reached(file: string, known = new Set<string>()): Promise<Set<string>> {
  if (known.has(file)) return known
  known.add(file)
  const text = await readFile(file, 'utf8')
  for (const [, path = ''] of text.matchAll(REFERENCE)) await reached(join(dirname(file), `${path}.d.ts`), known)
  return known
}
