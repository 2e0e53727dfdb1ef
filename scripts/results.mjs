import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolders, root } from './toolchain.mjs'

const folder = join(root, '.results')

/** Where a package's vitest, started by turbo in the package's folder, writes its JSON report. */
export const packageResults = '.results/tests.json'

/** Where the report of a suite that is no package's goes, and what scripts add to any suite. */
export function suiteResults(suite) {
  return join(folder, `${suite}.json`)
}

/** Forgets what an earlier run of the suite left. */
export function clearResults(suite) {
  for (const file of filesOf(suite)) rmSync(file, { force: true })
}

/** Adds one result, `passed`, `failed` or `skipped`, to a suite, in the shape of vitest's report. */
export function writeResult(suite, title, status) {
  mkdirSync(folder, { recursive: true })
  const report = readReport(suiteResults(suite))
  report.testResults.push({ name: title, status, assertionResults: [{ fullName: title, status }] })
  writeFileSync(suiteResults(suite), JSON.stringify(report))
}

/** How many results of each kind the suites have. */
export function countResults(suites) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const files = suites.flatMap(filesOf).flatMap((file) => readReport(file).testResults)
  for (const { status, assertionResults } of files) {
    const statuses = assertionResults.map((test) => (test.status in count ? test.status : 'skipped'))
    for (const each of statuses) count[each]++
    // A file that could not be loaded, or whose hooks failed, has no failed test and yet failed.
    if (status === 'failed' && !statuses.includes('failed')) count.failed++
  }
  return count
}

/** `N passed, N failed`, and `, N skipped` where there are any. */
export function summaryLine(suites) {
  const { passed, failed, skipped } = countResults(suites)
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { testResults: [] }
}

function filesOf(suite) {
  const packages = suite === 'unit' ? packageFolders() : []
  return [suiteResults(suite), ...packages.map((path) => join(root, path, packageResults))]
}
