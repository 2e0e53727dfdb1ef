// The last line of .ci/run: the counts over the checks and all suites. Fails when nothing passed.
import { countResults, summaryLine } from './results.mjs'
import { allSuites } from './test.mjs'

const suites = ['check', ...allSuites]
for (const suite of suites) process.stdout.write(`${suite}: ${JSON.stringify(countResults([suite]))}\n`)
process.stdout.write(`${summaryLine(suites)}\n`)
process.exitCode = countResults(suites).passed > 0 ? 0 : 1
