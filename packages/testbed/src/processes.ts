import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { guard, release } from './watchdog.ts'

export type ProcessSpec = {
  name: string
  command: string
  args: readonly string[]
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Who runs it, if not who runs this process; only root may say. */
  identity?: { uid: number; gid: number }
  /** Receives stdout and stderr; a restart appends. */
  logFile: string
  /** Answers true once the process serves; asked again until it does. A throw counts as "not yet". */
  ready?: () => boolean | Promise<boolean>
  readyTimeoutMs?: number
}

/** A process died, or did not get ready, while it was being started. The message ends with the tail of its log. */
export class StartError extends Error {
  readonly code = 'PROCESS_START_FAILED'
  override readonly name = 'StartError'
}

/** How often a starting process is asked whether it is ready. */
const READY_INTERVAL_MS = 20

/** A child process that ends at the latest when its parent does, however the parent ends. */
export class ManagedProcess {
  readonly spec: ProcessSpec
  #child: ChildProcess | undefined

  constructor(spec: ProcessSpec) {
    this.spec = spec
  }

  /** Starts `spec` and resolves when it is ready; throws StartError. */
  static async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const started = new ManagedProcess(spec)
    await started.start()
    return started
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get running(): boolean {
    return this.#child !== undefined && !hasExited(this.#child)
  }

  get logFile(): string {
    return this.spec.logFile
  }

  /** Starts the process and waits until it is ready; throws StartError. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.running) return
    this.#child = await launch(this.spec)
    try {
      await this.#untilReady(this.#child)
    } catch (error) {
      await this.kill('SIGKILL')
      throw error
    }
  }

  /** SIGTERM, then SIGKILL to what is left after `graceMs`. Resolves when the process is gone. */
  async stop(graceMs = 5_000): Promise<void> {
    const child = this.#child
    if (child === undefined || hasExited(child)) return
    const gone = once(child, 'exit')
    this.#signal('SIGTERM')
    // A paused process does not see SIGTERM before it is resumed.
    this.#signal('SIGCONT')
    const timer = setTimeout(() => this.#signal('SIGKILL'), graceMs)
    await gone
    clearTimeout(timer)
  }

  /** Sends `signal`; after SIGKILL resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || hasExited(child)) return
    const gone = once(child, 'exit')
    this.#signal(signal)
    if (signal === 'SIGKILL') await gone
  }

  /** Freezes the process: connections stay open and nobody answers. */
  pause(): void {
    this.#signal('SIGSTOP')
  }

  resume(): void {
    this.#signal('SIGCONT')
  }

  /** Stops the process and starts it with the same arguments, so on the same port and data. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** The process and its own children, which share its process group. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined || !this.running) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { name, ready, readyTimeoutMs = 300_000 } = this.spec
    const deadline = Date.now() + readyTimeoutMs
    while (!hasExited(child)) {
      if (ready === undefined || (await answersReady(ready))) return
      if (Date.now() > deadline) throw startError(this.spec, `${name} was not ready after ${readyTimeoutMs / 1000} s`)
      await delay(READY_INTERVAL_MS)
    }
    throw startError(this.spec, `${name} ended with ${child.signalCode ?? `code ${child.exitCode}`} while starting`)
  }
}

/** The last lines that `logFile` has; empty where there is none. */
export function logTail(logFile: string, lines = 20): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}

async function launch(spec: ProcessSpec): Promise<ChildProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true })
  const log = openSync(spec.logFile, 'a')
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      ...spec.identity,
      // Who started us is not who starts it: a service ends when that one is not its parent.
      env: { ...process.env, BROKER_PARENT: undefined, ...spec.env },
      stdio: ['ignore', log, log],
      // Its own group: Ctrl-C in the terminal reaches the parent only, which ends its children in order.
      detached: true,
    })
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new StartError(`${spec.name} could not be started from ${spec.command}`, { cause })
    })
    const pid = child.pid
    if (pid !== undefined) {
      guard(pid)
      child.once('exit', () => {
        killGroup(pid)
        release(pid)
      })
    }
    return child
  } finally {
    closeSync(log)
  }
}

/** What the ended process left behind; its group keeps its number until the last member is gone. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody left.
  }
}

async function answersReady(ready: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await ready()
  } catch {
    return false
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function startError(spec: ProcessSpec, what: string): StartError {
  return new StartError(`${what}; the end of ${spec.logFile}:\n${logTail(spec.logFile)}`)
}
