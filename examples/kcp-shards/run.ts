import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBinaries, type Report, readWalkthrough, type WalkStep, Walkthrough } from '@resource-broker/testbed'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(FOLDER, '../..')
const LOGS = join(ROOT, '.tmp/kcp-shards-logs')

export type Walk = { walkthrough: Walkthrough; steps: WalkStep[] }

/** Prepares to do what the README tells, with the binaries that it asks for: `walkthrough.walk(steps)` does it. */
export async function prepare(say: Report): Promise<Walk> {
  const { kubectl, 'nats-server': nats } = await ensureBinaries(['kubectl', 'nats-server'], say)
  const walkthrough = new Walkthrough({
    cwd: ROOT,
    logs: LOGS,
    env: {
      PATH: [dirname(kubectl), dirname(nats), process.env['PATH']].join(':'),
      // kubectl keeps what it discovered by address, and another sandbox may have had this one.
      KUBECACHEDIR: join(LOGS, 'kubectl'),
    },
    onStep: ({ title, commands, terminal }) =>
      say(`\n${title}${terminal ? ' (in a terminal of its own)' : ''}\n\n${commands.replaceAll(/^/gm, '  $ ')}\n`),
    onLine: (line) => say(`  ${line}`),
  })
  return { walkthrough, steps: readWalkthrough(await readFile(join(FOLDER, 'README.md'), 'utf8')) }
}

if (import.meta.main) {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const { walkthrough, steps } = await prepare(say)
  // What runs in terminals has processes of its own, which a parent that just goes would leave behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => walkthrough.stop().then(() => process.exit(130)))
  try {
    await walkthrough.walk(steps)
    say('\nAll of it went as the README says.')
  } catch (error) {
    say(`\n${(error as Error).message}`)
    process.exitCode = 1
  } finally {
    await walkthrough.stop()
  }
}
