import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutation, occurrences, readMutations } from './mutation.ts'

const USAGE = `Takes mends out of the broker, one at a time and in a copy, and tells which seed of the simulation finds it out,
if it finds nothing in the broker as it is.

  --seeds N    from how many seeds each mutation is given its worlds, 2000 if left out
  --only TEXT  mutations whose name contains it
  --share I/N  every Nth mutation from the one of number I: processes share them by it
`

const ROOT = join(import.meta.dirname, '../../..')
/** What the simulation runs on. */
const COPIED = ['packages', 'services', 'test', 'package.json']

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
    share: { type: 'string', default: '0/1' },
    help: { type: 'boolean' },
  },
})

if (values.help) process.stdout.write(USAGE)
else await runAll(Number(values.seeds), mutationsOf(values.only, values.share))

function mutationsOf(only: string, share: string): Mutation[] {
  const [first = 0, of = 1] = share.split('/').map(Number)
  return readMutations().filter(({ name }, index) => name.includes(only) && index % of === first)
}

async function runAll(seeds: number, mutations: Mutation[]): Promise<void> {
  const copy = copied()
  try {
    process.stdout.write('| what was taken out | rule | seed | steps | worlds |\n| --- | --- | --- | --- | --- |\n')
    for (const mutation of mutations) {
      const found = await firstFound(copy, mutation, seeds)
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

async function mutated<T>(copy: string, mutation: Mutation, run: () => Promise<T>): Promise<T> {
  const { name, file, find, replace } = mutation
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (occurrences(text, mutation) !== 1) throw new Error(`${name}: ${file} has to have this once: ${find}`)
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

/** Rule, seed and steps of the first world that is well as the broker is, and breaks a rule now; as cells of the table. */
async function firstFound(copy: string, mutation: Mutation, seeds: number): Promise<string> {
  const { where = '' } = mutation
  let lived = 0
  for (let from = 1; from <= seeds; ) {
    const worlds = ['--from', `${from}`, '--seeds', `${seeds - from + 1}`, '--where', where]
    const said = await mutated(copy, mutation, () => live(copy, ['--first', ...worlds]))
    const [, seed, steps] = /seed (\d+), (\d+) steps/.exec(said) ?? []
    lived += Number(/^(\d+) seeds, /m.exec(said)?.[1])
    if (seed === undefined) break
    const [, rule] = /^([a-z-]+): \d+ \(/m.exec(said) ?? []
    const isWell = !(await live(copy, ['--from', seed, '--seeds', '1'])).includes(' steps, story ')
    if (isWell) return `${rule} | ${seed} | ${steps} | ${lived}`
    from = Number(seed) + 1
  }
  return `not found | - | - | ${lived}`
}

/** What the simulation says of the broker as it is in the copy. */
async function live(copy: string, args: string[]): Promise<string> {
  const main = join(copy, 'test/simulation/main.ts')
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  await new Promise((resolve) => child.on('close', resolve))
  return said
}
