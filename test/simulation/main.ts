import { parseArgs } from 'node:util'
import { SeededRandom } from '../support/seeded-random.ts'
import { runSeed, type Verdict } from './run-seed.ts'
import { knownSeeds } from './seeds.ts'
import { type Weather, weatherOf } from './world/weather.ts'

const USAGE = `Lives simulated worlds, and tells those in which an invariant did not hold.

  --seed N     one world, with its whole story
  --from N     the first seed, 1 if left out
  --seeds N    how many, 100 if left out
  --step N     every Nth from the first one: processes share seeds by it
  --known      those of seeds.txt besides
  --but LIST   without these seeds, separated by commas
  --where LIST only worlds whose weather has these, by the names of their fields
  --first      ends with the first violation
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
    step: { type: 'string', default: '1' },
    known: { type: 'boolean', default: false },
    but: { type: 'string', default: '' },
    where: { type: 'string', default: '' },
    first: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else if (values.seed !== undefined) tell(await runSeed(Number(values.seed)), true)
else await runMany(seedsOf(Number(values.from), Number(values.seeds), Number(values.step)))

function seedsOf(from: number, count: number, step: number): number[] {
  const known = values.known ? knownSeeds().map(({ seed }) => seed) : []
  const but = new Set(values.but.split(',').map(Number))
  const all = [...known, ...Array.from({ length: count }, (_, index) => from + index * step)]
  return [...new Set(all)].filter((seed) => !but.has(seed) && hasWeather(seed))
}

function hasWeather(seed: number): boolean {
  const weather = weatherOf(new SeededRandom(seed))
  const wanted = values.where.split(',').filter((name) => name !== '') as (keyof Weather)[]
  return wanted.every((name) => Boolean(weather[name]))
}

async function runMany(seeds: number[]): Promise<void> {
  const started = performance.now()
  const found = new Map<string, number[]>()
  let [steps, lived] = [0, 0]
  for (const seed of seeds) {
    const verdict = await runSeed(seed)
    steps += verdict.steps
    lived++
    const rule = verdict.violations[0]?.rule
    if (rule === undefined) continue
    if (found.has(rule)) tellShortly(verdict)
    else tell(verdict, false)
    found.set(rule, [...(found.get(rule) ?? []), seed])
    if (values.first) break
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${lived} seeds, ${steps} steps, ${seconds} s\n`)
  for (const [rule, its] of found) process.stdout.write(`${rule}: ${its.length} (${its.join(' ')})\n`)
}

function tellShortly({ seed, violations }: Verdict): void {
  process.stdout.write(`seed ${seed}, ${violations.map(({ rule, message }) => `${rule}: ${message}`).join('; ')}\n`)
  process.exitCode = 1
}

function tell({ seed, steps, violations, story }: Verdict, isWhole: boolean): void {
  const lines = story.lines(violations[0]?.about)
  process.stdout.write(`${(isWhole ? lines : lines.slice(-80)).join('\n')}\n`)
  for (const { rule, message } of violations) process.stdout.write(`${rule}: ${message}\n`)
  process.stdout.write(`seed ${seed}, ${steps} steps, story ${story.hash}\n`)
  if (violations.length > 0) process.exitCode = 1
}
