import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { ManagedProcess } from './processes.ts'
import { guard, release } from './watchdog.ts'

/** One block of commands of a README. */
export type WalkStep = {
  /** The heading that it stands under. */
  title: string
  commands: string
  /**
   * Runs beside the others until the end; the next step waits until it printed `ready`. With `again` the terminal that runs the same
   * commands is ended first.
   */
  terminal: { ready: string; again?: boolean } | undefined
}

export type WalkOptions = {
  /** Where the commands run. */
  cwd: string
  /** Added to the environment of all commands. */
  env?: Readonly<Record<string, string>>
  /** Receives what the terminals print, as `terminal-<number>.log`. */
  logs: string
  /** Told of each step before it runs, and each line that commands outside of terminals print. */
  onStep?: (step: WalkStep) => void
  onLine?: (line: string) => void
}

/** A command of a walkthrough failed; the message has the step's commands and what they printed. */
export class WalkError extends Error {
  readonly code = 'WALK_FAILED'
  override readonly name = 'WalkError'
}

/** No step of a walkthrough takes as long; in milliseconds. */
const STEP_TIMEOUT_MS = 300_000

/**
 * The fenced blocks of a README whose language is `sh`, in order. With the word `terminal` behind it a block is for a terminal of its own;
 * `ready="TEXT"` says what it prints once it serves. `terminal again` is Ctrl-C in the one with the same commands, and those again.
 */
export function readWalkthrough(markdown: string): WalkStep[] {
  const steps: WalkStep[] = []
  let title = ''
  let open: { info: string; lines: string[] } | undefined
  for (const line of markdown.split('\n')) {
    if (open === undefined && line.startsWith('```')) open = { info: line.slice('```'.length), lines: [] }
    else if (open !== undefined && line === '```') {
      if (/^sh\b/.test(open.info))
        steps.push({ title, commands: open.lines.join('\n'), terminal: terminalOf(open.info) })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (line.startsWith('#')) title = line.replace(/^#+ /, '')
  }
  return steps
}

function terminalOf(info: string): WalkStep['terminal'] {
  const [, word, how] = info.split(/\s+/)
  if (word !== 'terminal') return undefined
  return { ready: /ready="([^"]*)"/.exec(info)?.[1] ?? '', ...(how === 'again' && { again: true }) }
}

/** What a README tells to do, as a user with bash does it: one shell, and a process of its own for each further terminal. */
export class Walkthrough {
  readonly #options: WalkOptions
  readonly #shell: Shell
  readonly #terminals: ManagedProcess[] = []

  constructor(options: WalkOptions) {
    this.#options = options
    mkdirSync(options.logs, { recursive: true })
    this.#shell = new Shell(options)
  }

  /** Runs all steps; what runs in terminals goes on. @throws {WalkError | StartError} */
  async walk(steps: readonly WalkStep[]): Promise<void> {
    for (const step of steps) {
      this.#options.onStep?.(step)
      if (step.terminal === undefined) await this.#shell.run(step.commands)
      else {
        if (step.terminal.again) await this.#end(step.commands)
        await this.#open(step.commands, step.terminal.ready)
      }
    }
  }

  /** What `commands` print in the shell, where the variables and functions of the steps before are known. @throws {WalkError} */
  run(commands: string): Promise<string> {
    return this.#shell.run(commands)
  }

  async stop(): Promise<void> {
    for (const terminal of this.#terminals.reverse()) await terminal.stop()
    await this.#shell.stop()
  }

  async #end(commands: string): Promise<void> {
    const before = this.#terminals.findLast(({ spec, running }) => running && spec.name === nameOf(commands))
    if (before === undefined) throw new WalkError(`no terminal runs this, to run it again:\n${commands}`)
    await before.stop()
  }

  async #open(commands: string, ready: string): Promise<void> {
    const { cwd, env, logs } = this.#options
    const logFile = join(logs, `terminal-${this.#terminals.length + 1}.log`)
    // What an earlier walk left would tell that this one is ready.
    rmSync(logFile, { force: true })
    const terminal = new ManagedProcess({
      name: nameOf(commands),
      command: 'bash',
      // With a trap it waits until what it runs has ended, which has children of its own to end.
      args: ['-c', `trap : TERM\n${commands}`],
      cwd,
      logFile,
      ...(env && { env }),
      ready: () => readFileSync(logFile, 'utf8').includes(ready),
    })
    this.#terminals.push(terminal)
    await terminal.start()
  }
}

const nameOf = (commands: string): string => `a terminal with: ${commands}`

/** A bash that is given one piece of script after the other. */
class Shell {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #onLine: ((line: string) => void) | undefined
  /** What bash prints, on both of its streams, behind a step: nothing that a command prints is taken for it. */
  readonly #mark = randomUUID()
  #lines: string[] = []
  #marks: string[] = []
  #marked: () => void = () => undefined

  constructor({ cwd, env, onLine }: WalkOptions) {
    this.#onLine = onLine
    this.#child = spawn('bash', ['-e', '-o', 'pipefail'], { cwd, env: { ...process.env, ...env }, detached: true })
    this.#ended = once(this.#child, 'exit')
    const { pid, stdin, stdout, stderr } = this.#child
    if (pid !== undefined) guard(pid)
    for (const stream of [stdout, stderr]) createInterface({ input: stream! }).on('line', (line) => this.#hear(line))
    // It ended with a step that failed, of which `run` tells.
    stdin!.on('error', () => undefined)
    stdin!.write(`mark() { echo "${this.#mark} $1"; echo "${this.#mark} $1" >&2; }\ntrap 'mark failed' EXIT\n`)
  }

  async run(commands: string): Promise<string> {
    if (this.#child.exitCode !== null) throw new WalkError(`a step before failed, so this was not run:\n${commands}`)
    this.#lines = []
    this.#marks = []
    const marked = new Promise<void>((resolve) => {
      this.#marked = resolve
    })
    // As a function, bash has read all of it before a command of it may read the input itself.
    this.#child.stdin!.write(`step() {\n${commands}\n}\nstep < /dev/null\nmark done\n`)
    const timeout = new AbortController()
    const late = delay(STEP_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined)
    await Promise.race([marked, late])
    timeout.abort()
    if (this.#marks.length === 2 && !this.#marks.includes('failed')) return this.#lines.join('\n')
    // The mark comes a moment before bash is gone, and nothing more can be run.
    if (this.#marks.includes('failed')) await this.#ended
    const how = this.#marks.length < 2 ? `did not end in ${STEP_TIMEOUT_MS / 1000} s` : 'failed'
    throw new WalkError(`this ${how}:\n${commands}\n\nit printed:\n${this.#lines.join('\n')}`)
  }

  async stop(): Promise<void> {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      // With its jobs in the background.
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody left.
    }
    await this.#ended
    release(pid)
  }

  #hear(line: string): void {
    // What a command prints may end without a line's end, and the mark is behind it then.
    const at = line.indexOf(this.#mark)
    const printed = at === -1 ? line : line.slice(0, at)
    if (at === -1 || printed !== '') {
      this.#lines.push(printed)
      this.#onLine?.(printed)
    }
    if (at === -1) return
    this.#marks.push(line.slice(at + this.#mark.length + 1))
    if (this.#marks.length === 2) this.#marked()
  }
}
