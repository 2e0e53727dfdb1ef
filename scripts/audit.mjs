import { run } from './spawn.mjs'
import { root } from './toolchain.mjs'

/** What pnpm says where nobody answers for vulnerabilities: there is no network, or the registry is a mirror without this endpoint. */
const UNANSWERED = /ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT_NOT_EXISTS)/

/**
 * Asks the registry for known vulnerabilities in all dependencies, those for development too. Resolves to the exit code, and to why it
 * was not answered, if it was not.
 */
export async function audit(env) {
  const { code, interrupted, output } = await run('pnpm', ['audit', '--config.fetch-retries=0'], {
    ...{ env, cwd: root, quiet: true },
  })
  if (code !== 0 && UNANSWERED.test(output)) return { code, interrupted, unanswered: reasonIn(output) }
  process.stdout.write(output)
  return { code, interrupted }
}

/** What follows the cross, which pnpm breaks into lines. */
function reasonIn(output) {
  const lines = output.split('\n').map((line) => line.trim())
  const start = lines.findIndex((line) => line.startsWith('×'))
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('│'))
  const words = lines.slice(start, end).map((line) => line.slice(1).trim())
  return words.join(' ').replace(/:$/, '')
}
