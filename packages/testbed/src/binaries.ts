import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildTool, findGo } from './go-build.ts'
import { withLock } from './lock.ts'
import { downloadNatsServer } from './release-download.ts'
import {
  type BinaryName,
  cacheDirectory,
  cachedDirectory,
  pinnedVersion,
  type Report,
  TOOLS,
  type Tool,
} from './tools.ts'

const run = promisify(execFile)

/**
 * The absolute path of every binary in `names`: from PATH where a new enough one is there, else from the cache, else built now
 * (minutes, told through `report`). Throws with one plain line where Go is needed and missing.
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  report: Report,
): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {}
  const missing: Name[] = []
  for (const name of names) {
    const found = (await fromPath(name)) ?? fromCache(name)
    if (found === undefined) missing.push(name)
    else paths[name] = found
  }
  // One after the other: one build uses every core.
  for (const name of missing) {
    const left = missing.slice(missing.indexOf(name))
    if (left.length > 1) report(`${left.length} binaries to prepare, about ${minutes(left)}: ${left.join(', ')}`)
    paths[name] = await prepare(name, report)
  }
  return paths as Record<Name, string>
}

/** The folder with the CRDs of a prepared binary's release. */
export async function ensureCrds(name: 'kro' | 'cert-manager', report: Report): Promise<string> {
  await ensureBinaries([name], report)
  return join(cachedDirectory(name), 'crds')
}

async function prepare(name: BinaryName, report: Report): Promise<string> {
  const lock = join(cacheDirectory(), 'tools', `${name}.lock`)
  return withLock(
    lock,
    () => report(`${name}: another process is preparing it, waiting`),
    async () => {
      const built = fromCache(name)
      if (built !== undefined) return built
      const target = cachedDirectory(name)
      if (name === 'nats-server' && (await findGo()) === undefined) {
        await downloadNatsServer({ version: pinnedVersion(TOOLS[name]), target, report })
      } else {
        await buildTool(name, target, report)
      }
      return join(target, name)
    },
  )
}

function fromCache(name: BinaryName): string | undefined {
  const file = join(cachedDirectory(name), name)
  return existsSync(file) ? file : undefined
}

/** The binary on PATH where it is new enough for us; its own `--version` says. */
async function fromPath(name: BinaryName): Promise<string | undefined> {
  const { fromPath: minimum }: Tool = TOOLS[name]
  if (minimum === undefined) return undefined
  for (const folder of (process.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const file = join(folder, name)
    if (existsSync(file) && isAtLeast(await versionOf(file), minimum)) return file
  }
  return undefined
}

async function versionOf(file: string): Promise<string> {
  try {
    const { stdout } = await run(file, ['--version'], { timeout: 10_000 })
    return stdout
  } catch {
    return ''
  }
}

/** Whether the first `major.minor` in `text` is `minimum` or newer; false where there is none. */
export function isAtLeast(text: string, minimum: readonly [major: number, minor: number]): boolean {
  const [, major, minor] = text.match(/(\d+)\.(\d+)/) ?? []
  if (major === undefined || minor === undefined) return false
  return Number(major) !== minimum[0] ? Number(major) > minimum[0] : Number(minor) >= minimum[1]
}

function minutes(names: readonly BinaryName[]): string {
  const seconds = names.reduce((sum, name) => sum + TOOLS[name].buildSeconds, 0)
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
}
