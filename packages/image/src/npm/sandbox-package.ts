import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { rolldown } from 'rolldown'
import { ROOT } from '../programs.ts'
import { runTimeFiles } from '../run-time-files.ts'
import { writeDeclarations } from './declarations.ts'
import { notices } from './notices.ts'

const SOURCE = join(ROOT, 'packages/sandbox')
/** What users of the package are told, beside the license. */
const DOCUMENTS = ['README.md', 'CONTRACT.md', 'examples']

/**
 * Writes the sandbox into `dir`, which is emptied first, as a package that can be packed, published and installed: JavaScript and types,
 * with everything that it needs in it. @throws what the bundler or the compiler says
 */
export async function writeSandboxPackage(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  const input = { mod: join(SOURCE, 'src/mod.ts'), main: join(SOURCE, 'src/main.ts') }
  const build = await rolldown({ cwd: ROOT, platform: 'node', input, plugins: [runTimeFiles(ROOT)] })
  try {
    const { output } = await build.write({
      ...{ dir: join(dir, 'dist'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      // For npx, which runs the file itself.
      banner: ({ name }) => (name === 'main' ? '#!/usr/bin/env node' : ''),
    })
    const modules = output.flatMap((each) => (each.type === 'chunk' ? each.moduleIds : []))
    await writeFile(join(dir, 'NOTICES.md'), await notices(modules))
  } finally {
    await build.close()
  }
  await writeDeclarations(join(dir, 'dist'))
  for (const file of DOCUMENTS) await cp(join(SOURCE, file), join(dir, file), { recursive: true })
  await cp(join(ROOT, 'LICENSE'), join(dir, 'LICENSE'))
  await writeFile(join(dir, 'package.json'), `${stringifyJson(await manifest(), 2)}\n`)
}

async function manifest(): Promise<object> {
  const own = parseJson<Record<string, string>>(await readFile(join(SOURCE, 'package.json'), 'utf8'))
  return {
    name: own['name'],
    version: own['version'],
    description: own['description'],
    keywords: ['kcp', 'kubernetes', 'test', 'control-plane'],
    license: own['license'],
    type: 'module',
    exports: { '.': { types: './dist/mod.d.ts', default: './dist/mod.js' } },
    bin: { 'kcp-sandbox': './dist/main.js' },
    files: ['dist', ...DOCUMENTS, 'NOTICES.md'],
    engines: { node: '>=22' },
  }
}
