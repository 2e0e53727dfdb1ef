/** A vitest reporter that prints why each skipped test was skipped: what the test gave to `context.skip(reason)`. */
export default class SkippedReporter {
  onTestCaseResult(test) {
    const { state, note } = test.result()
    if (state === 'skipped') process.stdout.write(`skipped: ${test.fullName}: ${note ?? 'no reason given'}\n`)
  }
}
