import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'

const { values } = parseArgs({ options: { from: { type: 'string', default: '1' }, seeds: { type: 'string', default: '100' }, seed: { type: 'string' } } })
const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.seeds) : 1
let steps = 0
const rules = new Map<string, number[]>()
const started = performance.now()
for (let seed = first; seed < first + count; seed++) {
  const verdict = await runSeed(seed)
  steps += verdict.steps
  const [worst] = verdict.violations
  if (worst !== undefined) rules.set(worst.rule, [...(rules.get(worst.rule) ?? []), seed])
  if (values.seed !== undefined) {
    process.stdout.write(`${verdict.story.join('\n')}\n`)
    for (const { rule, message } of verdict.violations) process.stdout.write(`${rule}: ${message}\n`)
    process.stdout.write(`seed ${seed}, ${verdict.steps} steps, story ${verdict.hash}\n`)
  }
}
process.stdout.write(`${count} seeds, ${steps} steps, ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
for (const [rule, seeds] of rules) process.stdout.write(`${rule}: ${seeds.length} (${seeds.slice(0, 8).join(' ')})\n`)
