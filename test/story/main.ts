import { parseArgs } from 'node:util'
import { clusters } from './engines/clusters.ts'
import { kcp } from './engines/kcp.ts'
import { play } from './play.ts'

const HELP = `npm start [-- --once] [-- --engine kcp|clusters] [-- --trace]

Plays the certificate story: two providers offer Certificates, a consumer asks for some, one moves
from provider to provider, and back through a stage and with a person's approval, one finds no provider
and says why. Each step is checked.

  --once         ends after the story: 0 if all of it held, 1 if not; implied where the output is no terminal
  --engine NAME  what it is played on: kcp (default), workspaces of the sandbox, which is kcp-compatible and runs in one
                 process; or clusters, four real Kubernetes control planes with kro and cert-manager, whose first start
                 builds for ten minutes
  --trace        writes the traces of all that the broker did to resource-broker-traces.json, which viewers of
                 OpenTelemetry's JSON open, and shows that of the first placement
  -h, --help     shows this text
`

function readArguments() {
  const options = {
    once: { type: 'boolean' },
    engine: { type: 'string', default: 'kcp' },
    trace: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`)
    process.exit(2)
  }
}

const ENGINES = { kcp, clusters }

const { once = false, help = false, trace = false, engine: name } = readArguments()
if (help) {
  process.stdout.write(HELP)
  process.exit(0)
}
if (!Object.hasOwn(ENGINES, name)) {
  process.stderr.write(`--engine: must be one of ${Object.keys(ENGINES).join(', ')}, got "${name}"\n`)
  process.exit(2)
}
process.exit(await play(ENGINES[name as keyof typeof ENGINES], { once, trace }))
