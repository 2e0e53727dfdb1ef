import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * One mend taken out: `find` stands once in `file`, and `replace` takes its place. `where` names what the weather has to have so that it
 * is missed at all.
 */
type Mutation = { name: string; file: string; find: string; replace: string; where?: string }

const USAGE = `Takes mends out of the broker, one at a time and in a copy, and tells which seed of the simulation finds it out.

  --seeds N    how many worlds each mutation is given, 2000 if left out
  --but LIST   without these seeds, which find something in the broker as it is
  --only TEXT  mutations whose name contains it
`

const ROOT = join(import.meta.dirname, '../../..')
/** What the simulation runs on. */
const COPIED = ['packages', 'services', 'test', 'package.json']

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    but: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
})

if (values.help) process.stdout.write(USAGE)
else await runAll(['--seeds', values.seeds, '--but', values.but], values.only)

async function runAll(worlds: string[], only: string): Promise<void> {
  const all = JSON.parse(readFileSync(join(import.meta.dirname, 'mutations.json'), 'utf8')) as Mutation[]
  const copy = copied()
  try {
    process.stdout.write('| what was taken out | rule | seed | steps | worlds |\n| --- | --- | --- | --- | --- |\n')
    for (const mutation of all.filter(({ name }) => name.includes(only))) {
      const found = await mutated(copy, mutation, () => firstFound(copy, [...worlds, '--where', mutation.where ?? '']))
      process.stdout.write(`| ${mutation.name} | ${found} |\n`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** The sources, with the links by which they find each other and what is installed. */
function copied(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutations-'))
  const isSource = (path: string) => !/(^|\/)\.(turbo|results)(\/|$)/.test(relative(ROOT, path))
  for (const name of COPIED)
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, verbatimSymlinks: true, filter: isSource })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function mutated<T>(copy: string, { name, file, find, replace }: Mutation, run: () => Promise<T>): Promise<T> {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${name}: ${file} has to have this once: ${find}`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
  try {
    return await run()
  } finally {
    writeFileSync(path, text)
  }
}

/** Rule, seed and steps of the first world that breaks one, and which of the worlds it was, as cells of the table. */
async function firstFound(copy: string, worlds: string[]): Promise<string> {
  const args = [join(copy, 'test/simulation/main.ts'), '--first', ...worlds]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  await new Promise((resolve) => child.on('close', resolve))
  const [, seed, steps] = /seed (\d+), (\d+) steps/.exec(said) ?? []
  const [, rule] = /^([a-z-]+): \d+ \(/m.exec(said) ?? []
  const [, lived] = /^(\d+) seeds, /m.exec(said) ?? []
  return seed === undefined ? `not found | - | - | ${lived}` : `${rule} | ${seed} | ${steps} | ${lived}`
}
