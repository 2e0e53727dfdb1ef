// npm run bench -- [--json FILE] [--check] [--samples N] [--burst N] [--consumers N] [--moves N] [one] [traces] [five] [moves]
// [matching] [sandbox] [kcp]
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchDecisions } from '../../packages/api/src/bench/decide.ts'
import { benchMatching } from '../../packages/api/src/bench/match.ts'
import { benchSandbox } from '../../packages/sandbox/src/bench/sandbox.ts'
import { benchScale } from './kcp/scale.ts'
import { runMoves } from './moves/run-moves.ts'
import { missed, type Results, report, tablesOf } from './report.ts'
import { runSubjects } from './run.ts'
import type { SubjectName } from './subject.ts'

const OFFERS = [10, 100, 1_000, 10_000]
/** Decisions: of so many offers so many accept an object, and there are so many policies. */
const DECISIONS = [
  ...OFFERS.map((offers) => ({ offers, accepting: 10, policies: 200 })),
  { offers: 10_000, accepting: 10, policies: 0 },
  ...[1, 100, 1_000].map((accepting) => ({ offers: 10_000, accepting, policies: 200 })),
]
const SUBJECTS = {
  one: 'one process',
  traces: 'one process with traces',
  five: 'five processes',
} as const satisfies Record<string, SubjectName>
const SECTIONS = [...Object.keys(SUBJECTS), 'moves', 'matching', 'sandbox', 'kcp']
/** Whose moves are measured. */
const MOVERS: SubjectName[] = ['floor', 'one process', 'five processes']
/** What the sandbox is measured with: enough for its rates, and for its memory 100,000 objects. */
const SANDBOX = { samples: 400, burst: 20_000, objects: 100_000 }

/** In kcp: objects for each consumer, and consumers that are watched at their first object. */
const KCP = { providers: 50, objectsEach: 20, firstObjects: 50 }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
    samples: { type: 'string', default: '400' },
    burst: { type: 'string', default: '2000' },
    consumers: { type: 'string', default: '1000' },
    moves: { type: 'string', default: '100' },
  },
})
const sections = positionals.length === 0 ? SECTIONS : positionals
const sizes = { warmUp: 50, samples: Number(values.samples), burst: Number(values.burst), inFlight: 32 }
const moveSizes = { warmUp: 10, moves: Number(values.moves), inFlight: sizes.inFlight }
const unknown = sections.find((section) => !SECTIONS.includes(section))
if (unknown !== undefined || !(sizes.samples > 0 && sizes.burst > 1 && moveSizes.moves > 0)) {
  process.stderr.write(`${unknown ?? 'a number below one'}: the sections are ${SECTIONS.join(', ')}\n`)
  process.exit(2)
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const matching = sections.includes('matching') ? benchMatching({ sizes: OFFERS }) : []
const decisions = sections.includes('matching') ? benchDecisions(DECISIONS) : []
const brokers = Object.entries(SUBJECTS).flatMap(([section, name]) => (sections.includes(section) ? [name] : []))
const runs = brokers.length === 0 ? [] : await runSubjects(['floor', ...brokers], sizes, say)
const moves = sections.includes('moves') ? await runMoves(MOVERS, moveSizes, say) : []
const sandboxes = sections.includes('sandbox') ? await benchSandbox({ ...SANDBOX, say }) : []
const scale = sections.includes('kcp') ? [await benchScale({ ...KCP, consumers: Number(values.consumers) }, say)] : []
const machine = {
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
}
const results: Results = { machine, runs, moves, matching, decisions, sandboxes, scale }
const tables = tablesOf(results)
say(report(results, tables))
if (values.json !== undefined) {
  const at = new Date().toISOString()
  await writeFile(values.json, `${JSON.stringify({ at, sizes, ...results, tables }, null, 2)}\n`)
}
process.exit(values.check && missed(tables) ? 1 : 0)
