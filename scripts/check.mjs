import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { audit } from './audit.mjs'
import { clearResults, writeResult } from './results.mjs'
import { run } from './spawn.mjs'
import { root } from './toolchain.mjs'

const generateCrds = 'packages/api/src/crds/generate.ts'
const generateDocs = 'packages/api/src/stages/generate.ts'
const generateManifests = 'packages/cli/src/manifests/generate.ts'
const generateCharts = 'packages/charts/src/generate.ts'

const VULNERABILITIES = 'no dependency has a known vulnerability'

/** Types, lint and format, unused code, generated files, known vulnerabilities. All run, whatever fails; `--fix` writes what can be mended. */
export async function check({ node, env }, args) {
  const fix = args.includes('--fix')
  const checks = [
    ['types', 'tsc', ['-p', 'tsconfig.json']],
    ['lint and format', 'biome', ['check', '--error-on-warnings', ...(fix ? ['--write'] : [])]],
    ['unused files, exports and dependencies', 'knip', []],
    ['generated CRDs are up to date', node, [generateCrds, ...(fix ? [] : ['--check'])], generateCrds],
    ['generated docs are up to date', node, [generateDocs, ...(fix ? [] : ['--check'])], generateDocs],
    ['generated manifests are up to date', node, [generateManifests, ...(fix ? [] : ['--check'])], generateManifests],
    ['generated charts and flags are up to date', node, [generateCharts, ...(fix ? [] : ['--check'])], generateCharts],
  ]
  clearResults('check')
  const failed = []
  for (const [name, command, commandArgs, needs] of checks) {
    process.stdout.write(`\n== check: ${name}\n`)
    if (needs !== undefined && !existsSync(join(root, needs))) {
      process.stdout.write(`skipped: ${name}: there is no ${needs}\n`)
      writeResult('check', name, 'skipped')
      continue
    }
    const { code, interrupted } = await run(command, commandArgs, { env, cwd: root })
    if (interrupted) return 130
    writeResult('check', name, code === 0 ? 'passed' : 'failed')
    if (code !== 0) failed.push(name)
  }
  process.stdout.write(`\n== check: ${VULNERABILITIES}\n`)
  const { code, interrupted, unanswered } = await audit(env)
  if (interrupted) return 130
  if (unanswered !== undefined) process.stdout.write(`skipped: ${VULNERABILITIES}: ${unanswered}\n`)
  writeResult('check', VULNERABILITIES, code === 0 ? 'passed' : unanswered === undefined ? 'failed' : 'skipped')
  if (code !== 0 && unanswered === undefined) failed.push(VULNERABILITIES)
  process.stdout.write(failed.length === 0 ? '\nall checks passed\n' : `\nfailed: ${failed.join('; ')}\n`)
  return failed.length === 0 ? 0 : 1
}
