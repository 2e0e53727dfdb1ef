import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureBinaries } from './binaries.ts'
import type { BinaryName, Report } from './tools.ts'
import { readWalkthrough, type WalkStep, Walkthrough } from './walkthrough.ts'

export type Walk = { walkthrough: Walkthrough; steps: WalkStep[] }

export type ReadmeOptions = {
  /** The folder with the README.md. */
  folder: string
  /** Where its commands run. */
  cwd: string
  /** Receives what its terminals print. */
  logs: string
  /** What it asks for on the PATH. */
  binaries: readonly BinaryName[]
  /** Further folders on the PATH, before what is there. */
  path?: readonly string[]
  env?: Readonly<Record<string, string>>
}

/** Prepares to do what a README tells, with the binaries that it asks for: `walkthrough.walk(steps)` does it. */
export async function prepareReadme(options: ReadmeOptions, say: Report): Promise<Walk> {
  const { folder, cwd, logs, binaries, path = [], env } = options
  const paths = Object.values(await ensureBinaries(binaries, say))
  const walkthrough = new Walkthrough({
    cwd,
    logs,
    env: {
      PATH: [...paths.map((file) => dirname(file)), ...path, process.env['PATH']].join(':'),
      // kubectl keeps what it discovered by address, and another server may have had this one.
      KUBECACHEDIR: join(logs, 'kubectl'),
      ...env,
    },
    onStep: ({ title, commands, terminal }) =>
      say(`\n${title}${terminal ? ' (in a terminal of its own)' : ''}\n\n${commands.replaceAll(/^/gm, '  $ ')}\n`),
    onLine: (line) => say(`  ${line}`),
  })
  return { walkthrough, steps: readWalkthrough(await readFile(join(folder, 'README.md'), 'utf8')) }
}

/** Does what a README tells, prints it, and sets the exit code of this process: 0 if all of it went well. */
export async function playReadme(prepare: (say: Report) => Promise<Walk>): Promise<void> {
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
