import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearResults, countResults, packageResults, suiteResults, summaryLine, writeResult } from './results.mjs'
import { run } from './spawn.mjs'
import { filesBelow, packageFolders, root } from './toolchain.mjs'

/** Suites that start real clusters: one after another, as two cores carry one set of API servers at a time. */
const clusterSuites =
  'image charts sandbox story e2e e2e-workspaces e2e-kcp faults faults-kcp outages outages-kcp trust kcp examples'.split(
    ' ',
  )
/** The same tests on something else: workspaces of the sandbox in the place of control planes, or a kcp. */
const variants = {
  'e2e-workspaces': { folder: 'e2e', env: { BROKER_TEST_ENGINE: 'sandbox' } },
  'e2e-kcp': { folder: 'e2e', env: { BROKER_TEST_ENGINE: 'kcp' } },
  'faults-kcp': { folder: 'faults', env: { BROKER_TEST_ENGINE: 'kcp' } },
  'churn-kcp': { folder: 'churn', env: { BROKER_TEST_ENGINE: 'kcp' } },
  'outages-kcp': { folder: 'kcp-outages', also: ['outages/lost-bus'], env: { BROKER_TEST_ENGINE: 'kcp' } },
}
export const allSuites = ['unit', 'simulation', ...clusterSuites]
/** Run by name only: each run of churn is another one, containers need a docker daemon, and a node needs root and containerd. */
const namedSuites = ['churn', 'churn-kcp', 'containers', 'node']
/** Of a test that hangs: no machine is so busy that one that does not takes as long. */
const unitTimeoutMs = 300_000
/** Of what comes before tests: it may build a binary first. */
const unitHookTimeoutMs = 1_800_000
/** Flags that are for the tests and not for vitest, and where tests read their values. */
const testFlags = {
  '--minutes': 'BROKER_TEST_MINUTES',
  '--seed': 'BROKER_TEST_SEED',
  '--seeds': 'BROKER_TEST_SEEDS',
  '--beside': 'BROKER_TEST_BESIDE',
  '--stages': 'BROKER_TEST_STAGES',
}

/**
 * Runs the suites named first in `args`, or all: `unit` is what stands in packages/ and services/. Further arguments
 * go to vitest. Goes on after a suite that fails, and ends with the counts over all.
 */
export async function test({ env }, args) {
  const firstOther = args.findIndex((arg) => ![...allSuites, ...namedSuites].includes(arg))
  const named = firstOther === -1 ? args : args.slice(0, firstOther)
  const suites = named.length > 0 ? named : allSuites
  const { vitestArgs, given } = takeFlags(args.slice(named.length))
  for (const suite of suites) if (await runSuite(suite, vitestArgs, { ...env, ...given })) return 130
  // Not a line of its own form: .ci/run ends with that one, which has the checks too.
  process.stdout.write(`\nall suites together: ${summaryLine(suites)}\n`)
  return countResults(suites).failed > 0 ? 1 : 0
}

/** Resolves to whether somebody interrupted it. */
async function runSuite(suite, vitestArgs, env) {
  process.stdout.write(`\n== suite: ${suite}\n`)
  clearResults(suite)
  const started = performance.now()
  const runIts = suite === 'unit' ? runUnits : runWholeSuite
  const { code, interrupted } = await runIts(suite, vitestArgs, env)
  process.stdout.write(`(suite ${suite}: ${Math.round((performance.now() - started) / 1000)} s)\n`)
  // vitest can fail without a failed test, for example by an error that nobody handled.
  if (!interrupted && code !== 0 && countResults([suite]).failed === 0)
    writeResult(suite, `${suite} exits with 0, not ${code}`, 'failed')
  return interrupted
}

/** Takes `--flag VALUE` of `testFlags` out of the arguments, as environment variables. */
function takeFlags(args) {
  const isFlag = (arg) => Object.hasOwn(testFlags, arg)
  const given = args.flatMap((arg, i) => (isFlag(arg) ? [[testFlags[arg], args[i + 1] ?? '']] : []))
  const vitestArgs = args.filter((arg, i) => !isFlag(arg) && !isFlag(args[i - 1]))
  return { vitestArgs, given: Object.fromEntries(given) }
}

/** Through turbo: a package whose files and dependencies did not change has its last results replayed. */
async function runUnits(suite, vitestArgs, env) {
  for (const folder of packageFolders()) refuseUnrunTests(suite, folder)
  const args = ['run', 'test', '--continue', '--concurrency=2', '--output-logs=new-only', '--no-update-notifier', '--']
  const limits = [`--testTimeout=${unitTimeoutMs}`, `--hookTimeout=${unitHookTimeoutMs}`]
  const vitest = ['--passWithNoTests', ...limits, ...reporters(packageResults), ...vitestArgs]
  return await run('turbo', [...args, ...vitest], {
    env,
    cwd: root,
  })
}

/** turbo passes over a package without a `test` script, which must not hide tests. */
function refuseUnrunTests(suite, folder) {
  const manifest = join(root, folder, 'package.json')
  if (!existsSync(manifest) || !hasTests(folder)) return
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8'))
  if (scripts?.test !== undefined) return
  process.stdout.write(`${folder} has tests but package.json has no "test": "vitest run"\n`)
  writeResult(suite, `${folder} runs its tests`, 'failed')
}

/** Never cached: what it depends on stands outside the checkout too. */
async function runWholeSuite(suite, vitestArgs, env) {
  const { folder = suite, also, env: own = {} } = variants[suite] ?? {}
  if (!hasTests(`test/${folder}`)) {
    process.stdout.write(`skipped: test/${folder} has no *.test.ts\n`)
    return { code: 0, interrupted: false }
  }
  const files = also === undefined ? ['--dir', folder] : [`${folder}/`, ...also]
  const args = ['run', ...files, '--no-file-parallelism', ...reporters(suiteResults(suite))]
  return await run('vitest', [...args, ...vitestArgs], { env: { ...env, ...own }, cwd: join(root, 'test') })
}

function reporters(jsonFile) {
  const skipped = join(root, 'scripts/skipped-reporter.mjs')
  return ['--reporter=default', `--reporter=${skipped}`, '--reporter=json', `--outputFile.json=${jsonFile}`]
}

function hasTests(folder) {
  return filesBelow(folder).some((name) => name.endsWith('.test.ts'))
}
