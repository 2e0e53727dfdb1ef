import { type ConfigSchema, helpText, parseConfig } from '@resource-broker/service'
import { bootstrap } from './bootstrap/bootstrap.ts'
import { bootstrapConfig } from './bootstrap/config.ts'
import { natsUsersConfig } from './nats-users/config.ts'
import { writeNatsUsers } from './nats-users/nats-users.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Runs with the flags in `argv`; answers the exit code: 0, 1 after a failure, 2 for wrong flags. */
type Command = (argv: string[]) => Promise<number>

/** `run` answers the last line. */
function command<C>(
  name: string,
  summary: string,
  schema: ConfigSchema<C>,
  run: (config: C) => Promise<string>,
): Command {
  const complain = (line: string) => void process.stderr.write(`${name}: ${line}\n`)
  return async (argv) => {
    const parsed = parseConfig([schema], argv, process.env)
    if (parsed.outcome === 'help') {
      say(helpText(name, summary, [schema]))
      return 0
    }
    if (parsed.outcome === 'mistakes') {
      for (const line of parsed.lines) complain(line)
      return 2
    }
    try {
      say(await run(parsed.configs[0] as C))
      return 0
    } catch (error) {
      const { code, message, stack } = error as Error & { code?: string }
      complain(code === undefined ? (stack ?? message) : message)
      return 1
    }
  }
}

const commands: Readonly<Record<string, Command>> = {
  bootstrap: command(
    'bootstrap',
    'prepares a kcp for the broker, and writes the kubeconfig that the broker runs with',
    bootstrapConfig,
    async (config) => {
      const { user, expires } = await bootstrap({ ...config, report: say })
      if (expires === undefined)
        return `ready: the broker is let in as user ${user}; sign it in as your kcp knows users`
      const also = config.outputSecret === undefined ? '' : `; the Secret ${config.outputSecret} has it too`
      return `ready: ${config.output} is the kubeconfig of ${user}, good until ${expires.toISOString()}${also}`
    },
  ),
  'nats-users': command(
    'nats-users',
    'writes a user of NATS for each service, with the least permissions',
    natsUsersConfig,
    async (flags) => {
      const { config, values, users } = await writeNatsUsers(flags)
      const made = users.filter(({ isNew }) => isNew).map(({ name }) => name)
      const seeds = made.length === 0 ? 'all seeds were there' : `new seeds: ${made.join(', ')}`
      return `ready: ${config} is for an account of your nats-server, ${values} for the chart of the NATS project; ${seeds}`
    },
  ),
}

const [name = '', ...argv] = process.argv.slice(2)
if (Object.hasOwn(commands, name)) process.exitCode = await (commands[name] as Command)(argv)
else {
  const lines = Object.keys(commands).map((each) => `usage: ${each} FLAGS; ${each} --help lists them\n`)
  process.stderr.write(lines.join(''))
  process.exitCode = 2
}
