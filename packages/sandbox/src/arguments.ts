import { parseArgs } from 'node:util'

export type SandboxArguments = {
  dir: string | undefined
  host: string
  externalHost?: string
  port: number
  shards: number
  interactive: boolean
}

export const USAGE = `kcp-sandbox [--dir D] [--port P] [--shards N] [--host H] [--external-host H]
            [--interactive]

Starts a kcp-compatible control plane in one process, for trying, developing and testing.

  --dir D      keep the state in D, and write D/admin.kubeconfig; without it the state is in memory
  --port P     port of the front proxy, or of the only shard (6443); shards take the ports that follow; 0 takes free ones
  --shards N   number of shards (1); with more than one there is a front proxy before them
  --host H     address to listen on (127.0.0.1)
  --external-host H  name by which others reach it, in URLs of objects and kubeconfigs and in its certificate (that of --host)
  --interactive  take "stop NAME" and "start NAME" from standard input: a shard goes away as if its machine did, and comes back
`

/** As kcp's own default. */
const DEFAULT_PORT = '6443'
const DEFAULT_HOST = '127.0.0.1'
const MOST_SHARDS = 16
const LAST_PORT = 65_535

/** A flag that cannot be followed; the message is one line for the user. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError'
}

/** Reads the command line; undefined where help is asked for. Throws ArgumentError. */
export function readArguments(given: readonly string[]): SandboxArguments | undefined {
  const { help, dir, host, port, shards, interactive, 'external-host': externalHost } = parse(given)
  if (help) return undefined
  if (dir === '') throw new ArgumentError('--dir needs the path of a directory')
  for (const [flag, name] of Object.entries({ '--host': host, '--external-host': externalHost }))
    if (name === '' || (name !== undefined && /[/\s]/.test(name)))
      throw new ArgumentError(`${flag} needs an address or a name, not "${name}"`)
  const count = whole('--shards', shards, 1, MOST_SHARDS)
  const first = whole('--port', port, 0, LAST_PORT)
  const last = count > 1 ? first + count : first
  if (last > LAST_PORT) throw new ArgumentError(`--port ${first} leaves no ports for ${count} shards: they follow it`)
  return { dir, host, port: first, shards: count, interactive, ...(externalHost !== undefined && { externalHost }) }
}

function parse(given: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        dir: { type: 'string' },
        host: { type: 'string', default: DEFAULT_HOST },
        'external-host': { type: 'string' },
        port: { type: 'string', default: DEFAULT_PORT },
        shards: { type: 'string', default: '1' },
        interactive: { type: 'boolean', default: false },
      },
    })
    return { ...values, dir: values.dir }
  } catch (error) {
    const [first = ''] = (error as Error).message.split('\n')
    // Of a value that begins with a dash, Node says this and how to write it.
    const line = first.replace(
      /^Option '(--[\w-]+)' argument is ambiguous\.$/,
      '$1 needs a value that does not begin with a dash',
    )
    throw new ArgumentError(`${line} (--help tells what there is)`, { cause: error })
  }
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new ArgumentError(`${flag} needs a whole number from ${least} to ${most}, not "${text}"`)
}
