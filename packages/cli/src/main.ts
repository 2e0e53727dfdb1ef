import { helpText, parseConfig } from '@resource-broker/service'
import { bootstrap } from './bootstrap/bootstrap.ts'
import { bootstrapConfig } from './bootstrap/config.ts'

const SUMMARY = 'prepares a kcp for the broker, and writes the kubeconfig that the broker runs with'
const say = (line: string) => void process.stdout.write(`${line}\n`)
const complain = (line: string) => void process.stderr.write(`bootstrap: ${line}\n`)

/** Answers the exit code: 0, 1 after a failure, 2 for wrong flags. */
async function run(argv: string[]): Promise<number> {
  const parsed = parseConfig([bootstrapConfig], argv, process.env)
  if (parsed.outcome === 'help') {
    say(helpText('bootstrap', SUMMARY, [bootstrapConfig]))
    return 0
  }
  if (parsed.outcome === 'mistakes') {
    for (const line of parsed.lines) complain(line)
    return 2
  }
  const [config] = parsed.configs as [(typeof parsed.configs)[0]]
  try {
    const { user, expires } = await bootstrap({ ...config, report: say })
    if (expires === undefined) say(`ready: the broker is let in as user ${user}; sign it in as your kcp knows users`)
    else say(`ready: ${config.output} is the kubeconfig of ${user}, good until ${expires.toISOString()}`)
    return 0
  } catch (error) {
    const { code, message, stack } = error as Error & { code?: string }
    complain(code === undefined ? (stack ?? message) : message)
    return 1
  }
}

const [command, ...argv] = process.argv.slice(2)
if (command === 'bootstrap') process.exitCode = await run(argv)
else {
  process.stderr.write('usage: bootstrap FLAGS; bootstrap --help lists them\n')
  process.exitCode = 2
}
