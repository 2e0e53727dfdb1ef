import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { ensureBinaries, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe } from 'vitest'
import { adminOf, createWorkspace } from '../contract/support.ts'

/** Nothing here takes long; a kubectl that hangs shall say with what it was asked. */
const TIMEOUT_MS = 30_000

type Outcome = { code: number; out: string; err: string }

/** Tests with kubectl against one sandbox per file, one workspace per test; skipped with a reason where kubectl cannot be had. */
export async function describeKubectl(name: string, tests: (sandbox: Kubectls) => void): Promise<void> {
  const binary = await findKubectl()
  describe.skipIf(binary === undefined)(`kubectl ${name}`, () => {
    const kubectls = new Kubectls(binary ?? '')
    beforeAll(() => kubectls.start())
    afterAll(() => kubectls.close())
    tests(kubectls)
  })
}

async function findKubectl(): Promise<string | undefined> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  try {
    return (await ensureBinaries(['kubectl'], say)).kubectl
  } catch (error) {
    say(`the tests with kubectl are skipped: ${(error as Error).message}`)
    return undefined
  }
}

/** One sandbox, and a kubectl for each of its workspaces. */
class Kubectls {
  readonly #binary: string
  #started: { sandbox: Sandbox; dir: string } | undefined
  #count = 0

  constructor(binary: string) {
    this.#binary = binary
  }

  get sandbox(): Sandbox {
    return this.#parts.sandbox
  }

  async start(): Promise<void> {
    this.#started = { sandbox: await startSandbox(), dir: await mkdtemp(join(tmpdir(), 'kubectl-')) }
  }

  async close(): Promise<void> {
    if (this.#started === undefined) return
    await this.#started.sandbox.close()
    await rm(this.#started.dir, { recursive: true, force: true })
  }

  /** kcp-admin's kubectl in a fresh workspace, with a home and a working directory of its own. */
  async workspace(): Promise<Kubectl> {
    const { sandbox, dir } = this.#parts
    const name = `w${++this.#count}`
    const { spec } = await createWorkspace(adminOf(sandbox), 'root', name, { type: 'universal' })
    const kubeconfig = sandbox.kubeconfig().replaceAll(/\/clusters\/root$/gm, `/clusters/root:${name}`)
    const kubectl = new Kubectl(this.#binary, join(dir, name), spec.cluster)
    await kubectl.file('kubeconfig', kubeconfig)
    return kubectl
  }

  get #parts() {
    if (this.#started === undefined) throw new Error('the sandbox runs only while tests run')
    return this.#started
  }
}

/** kubectl as a user runs it, in one directory. Commands are split at blanks; what has blanks inside is given behind them. */
export class Kubectl {
  /** Of the workspace. */
  readonly cluster: string
  readonly dir: string
  readonly #binary: string

  constructor(binary: string, dir: string, cluster: string) {
    this.#binary = binary
    this.dir = dir
    this.cluster = cluster
  }

  /** Writes a file that commands may name. */
  async file(name: string, text: string, mode = 0o600): Promise<string> {
    const path = join(this.dir, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { mode })
    return path
  }

  /** Runs a command that may fail. */
  run(command: string, ...more: string[]): Promise<Outcome> {
    const args = [...command.split(/ +/), ...more]
    return new Promise((resolve, reject) => {
      const options = { cwd: this.dir, env: this.#environment, timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 }
      execFile(this.#binary, args, options, (error, out, err) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, out, err })
        else reject(new Error(`kubectl ${args.join(' ')} did not end: ${out}${err}`, { cause: error }))
      })
    })
  }

  /** What a command that must succeed prints, without its last line break. */
  async ok(command: string, ...more: string[]): Promise<string> {
    const { code, out, err } = await this.run(command, ...more)
    if (code !== 0) throw new Error(`kubectl ${command} ended with ${code}: ${out}${err}`)
    return out.trimEnd()
  }

  /** What a command that must end with 1 says on standard error, without its last line break. */
  async fails(command: string, ...more: string[]): Promise<string> {
    const { code, out, err } = await this.run(command, ...more)
    if (code !== 1) throw new Error(`kubectl ${command} ended with ${code}: ${out}${err}`)
    return err.trimEnd()
  }

  async json<T = { [field: string]: unknown }>(command: string): Promise<T> {
    return JSON.parse(await this.ok(`${command} -o json`)) as T
  }

  /** Writes `text` to a file and applies it. */
  async apply(text: string, flags = ''): Promise<string> {
    await this.file('applied.yaml', text)
    return this.ok(`apply -f applied.yaml ${flags}`.trimEnd())
  }

  /** The editor that `kubectl edit` opens: a shell script whose `$1` is the file. */
  editor(script: string): Promise<string> {
    return this.file('editor', `#!/bin/sh\n${script}\n`, 0o700)
  }

  /** A command that goes on, such as `get -w`. */
  follow(command: string): Following {
    return new Following(this.#binary, command.split(' '), { cwd: this.dir, env: this.#environment })
  }

  get #environment(): NodeJS.ProcessEnv {
    const { dir } = this
    return {
      PATH: process.env['PATH'],
      HOME: dir,
      TMPDIR: dir,
      KUBECONFIG: join(dir, 'kubeconfig'),
      EDITOR: join(dir, 'editor'),
    }
  }
}

/** The lines that a running kubectl prints. */
class Following {
  readonly #child
  readonly #closed: Promise<unknown>
  #out = ''
  #err = ''

  constructor(binary: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    this.#child = spawn(binary, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#closed = once(this.#child, 'close')
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text))
  }

  /** The lines so far. */
  get seen(): string[] {
    return this.#out.split('\n').slice(0, -1)
  }

  /** The lines so far, once there are `count`. */
  lines(count: number): Promise<string[]> {
    return waitFor(`${count} lines of kubectl's`, () => {
      if (this.#child.exitCode !== null) throw new Error(`kubectl ended: ${this.#out}${this.#err}`)
      return this.seen.length >= count ? this.seen : undefined
    })
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#closed
  }
}

/** The cells of a table that kubectl printed, without the last column where that is an age. */
export function rows(table: string): string[][] {
  const cells = table.split('\n').map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()))
  return cells[0]?.at(-1) === 'AGE' ? cells.map((row) => row.slice(0, -1)) : cells
}

/** A ConfigMap as YAML; what is empty is left out, since clients apply empty maps as a change again and again. */
export function configMap(
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
): string {
  const some = (field: string, value: object) =>
    Object.keys(value).length === 0 ? '' : `${field}: ${JSON.stringify(value)}`
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${[name, some('labels', labels)].filter(Boolean).join(', ')}}\n${some('data', data)}\n`
}
