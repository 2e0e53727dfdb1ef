import { parseArgs } from 'node:util'
import { play } from './play.ts'

const HELP = `npm start [-- --once]

Plays the certificate story on real control planes: two providers offer Certificates, a consumer asks for some, one moves
from provider to provider, one finds no provider and says why. Each step is checked.

  --once      ends after the story: 0 if all of it held, 1 if not; implied where the output is no terminal
  -h, --help  shows this text
`

function readArguments() {
  const options = { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`)
    process.exit(2)
  }
}

const { once = false, help = false } = readArguments()
if (help) {
  process.stdout.write(HELP)
  process.exit(0)
}
process.exit(await play({ once }))
