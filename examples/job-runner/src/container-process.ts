import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { guard, release } from '@resource-broker/testbed'

/** How a container ended: 128 and the number of the signal, if one ended it. `log` is the end of what it printed. */
export type Ended = { exitCode: number; log: string }

export type ContainerProcess = {
  startedAt: Date
  ended: Promise<Ended>
  /** SIGTERM to it and all that it started, and SIGKILL to what is left after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<Ended>
}

type Options = {
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  cwd?: string | undefined
  onLine: (line: string) => void
}

/** What a kubelet takes of the log where a container's message is to come from there. Source: `FallbackToLogsOnError`, core/v1. */
const LOG_LINES = 80
const LOG_BYTES = 2048

/**
 * Runs a container's command as a process, which ends at the latest with ours, in a directory of its own, which goes with it. One that
 * cannot be started has ended with 127, as in a shell.
 */
export function startContainer({ command, environment, cwd, onLine }: Options): ContainerProcess {
  const [program = '', ...args] = command
  // What is ours is no business of the container's; where programs are is what its image would say.
  const home = mkdtempSync(join(tmpdir(), 'container-'))
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...environment }
  const child = spawn(program, args, { env, cwd: cwd ?? home, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const lines: string[] = []
  const hear = (line: string) => {
    lines.push(line)
    if (lines.length > LOG_LINES) lines.shift()
    onLine(line)
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear)
  const { pid } = child
  if (pid !== undefined) guard(pid)
  const signalAll = (signal: NodeJS.Signals) => signalGroup(pid, signal)
  const ended = new Promise<Ended>((resolve) => {
    const end = (exitCode: number) => resolve({ exitCode, log: lines.join('\n').slice(-LOG_BYTES) })
    child.on('error', (error) => {
      hear(error.message)
      end(127)
    })
    child.on('exit', () => signalAll('SIGKILL'))
    child.on('close', (code, signal) => {
      if (pid !== undefined) release(pid)
      rmSync(home, { recursive: true, force: true })
      end(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
  const stop = async (graceMs: number) => {
    signalAll('SIGTERM')
    const late = setTimeout(() => signalAll('SIGKILL'), graceMs)
    return await ended.finally(() => clearTimeout(late))
  }
  return { startedAt: new Date(), ended, stop }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    // Nobody is left in it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
