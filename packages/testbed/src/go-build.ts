import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type BinaryName, linkerFlags, pinnedVersion, type Report, sourceDirectory, TOOLS, type Tool } from './tools.ts'
import { guard, release } from './watchdog.ts'

const run = promisify(execFile)

/** How often a build that goes on says so. */
const HEARTBEAT_MS = 15_000

/** The `go` on PATH, as `go version` tells it, or undefined. */
export async function findGo(): Promise<string | undefined> {
  try {
    return (await run('go', ['version'])).stdout.trim()
  } catch {
    return undefined
  }
}

/**
 * Builds one tool into the folder `target`, which appears at once when all of it is there. Two processes that do the same at the
 * same time are harmless. Throws where Go is missing or the build fails, with its output.
 */
export async function buildTool(name: BinaryName, target: string, report: Report): Promise<void> {
  if ((await findGo()) === undefined) {
    throw new Error(`${name} has to be built and Go is not on PATH: install Go 1.26 or newer (https://go.dev/dl/)`)
  }
  const tool = TOOLS[name]
  const fresh = `${target}.${process.pid}.tmp`
  await mkdir(fresh, { recursive: true })
  try {
    await compile(name, tool, join(fresh, name), report)
    if (tool.crds !== undefined) {
      await cp(join(await moduleDirectory(tool), tool.crds), join(fresh, 'crds'), { recursive: true })
    }
    await publish(fresh, target)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Moves a finished folder to its place; where another process was first, its result stays. */
export async function publish(fresh: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  try {
    await rename(fresh, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

async function compile(name: BinaryName, tool: Tool, output: string, report: Report): Promise<void> {
  const what = `${name} ${pinnedVersion(tool)}`
  report(
    `${what}: building it from its Go module (${tool.purpose}); about ${tool.buildSeconds} s on two cores, then cached`,
  )
  const started = Date.now()
  const elapsed = () => Math.round((Date.now() - started) / 1000)
  const heartbeat = setInterval(() => report(`${what}: still building, ${elapsed()} s`), HEARTBEAT_MS)
  try {
    await go(tool, ['build', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(tool), '-o', output, tool.package])
  } catch (cause) {
    throw new Error(`${what} did not build`, { cause })
  } finally {
    clearInterval(heartbeat)
  }
  report(`${what}: built in ${elapsed()} s`)
}

async function go(tool: Tool, args: readonly string[]): Promise<string> {
  const child = spawn('go', args, {
    cwd: sourceDirectory(tool),
    // The user's own flags and workspace would change what is built; without cgo the binary is static.
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk))
  const { pid } = child
  if (pid !== undefined) guard(pid)
  const [code] = (await once(child, 'close')) as [number | null]
  if (pid !== undefined) release(pid)
  if (code !== 0) throw new Error(`go ${args[0]} ended with ${code}:\n${complaints.slice(-4_000)}`)
  return output.trim()
}

function moduleDirectory(tool: Tool): Promise<string> {
  return go(tool, ['list', '-m', '-f', '{{.Dir}}', tool.module])
}
