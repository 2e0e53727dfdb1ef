import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { publish } from './go-build.ts'
import { withLock } from './lock.ts'
import { cacheDirectory, type Report } from './tools.ts'

const run = promisify(execFile)

/** PostgreSQL is not installed and cannot be fetched; the message says why, in a line. */
export class PostgresUnavailableError extends Error {
  readonly code = 'POSTGRES_UNAVAILABLE'
  override readonly name = 'PostgresUnavailableError'
}

const PROGRAMS = ['initdb', 'postgres', 'pg_isready', 'psql', 'pg_dump']
/** Where Debian's packages have the programs of each major version: below it `<version>/bin`. */
const VERSIONS = 'usr/lib/postgresql'
/** With an empty cache: index files of 10 MB, packages of 50 MB. */
const FETCH_TIMEOUT_MS = 600_000
const INSTALL = 'install PostgreSQL 13 or newer'

/**
 * The folder with the programs of PostgreSQL: one on PATH, the newest that Debian's packages have installed, or those packages
 * unpacked into the cache, which needs apt and no root. Throws PostgresUnavailableError.
 */
export async function ensurePostgres(report: Report): Promise<string> {
  const installed = onPath() ?? newestBelow('/')
  if (installed !== undefined) return installed
  const target = join(readableCache(), 'tools', `postgres-debian-${process.arch}`)
  const folder = join(target, 'bin')
  if (existsSync(folder)) return folder
  await withLock(
    `${target}.lock`,
    () => report('postgres: another process is preparing it, waiting'),
    async () => {
      if (!existsSync(folder)) await fetchPackages(target, report)
    },
  )
  return folder
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return folders.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program))))
}

function newestBelow(root: string): string | undefined {
  const versions = join(root, VERSIONS)
  if (!existsSync(versions)) return undefined
  const newestFirst = readdirSync(versions).sort((one, other) => Number(other) - Number(one))
  const folders = newestFirst.map((version) => join(versions, version, 'bin'))
  return folders.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program))))
}

/** The server runs as somebody else where this process is root's, and root's home is closed to others. */
function readableCache(): string {
  const { RESOURCE_BROKER_CACHE, XDG_CACHE_HOME } = process.env
  const isOwn = process.getuid?.() !== 0 || RESOURCE_BROKER_CACHE || XDG_CACHE_HOME
  return isOwn ? cacheDirectory() : '/var/cache/resource-broker'
}

/** Fetches what the package `postgresql` needs and this machine lacks, and makes `target` of it. */
async function fetchPackages(target: string, report: Report): Promise<void> {
  const fresh = `${target}.${process.pid}.tmp`
  const apt = aptOptions(fresh)
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'root'])
      await mkdir(join(fresh, folder), { recursive: true })
    report('postgres: not installed, fetching it from the packages of this distribution; half a minute, then cached')
    await step('apt-get', [...apt, 'update'])
    await step('apt-get', [...apt, 'install', '--yes', '--download-only', '--no-install-recommends', 'postgresql'])
    const packages = readdirSync(join(fresh, 'archives')).filter((file) => file.endsWith('.deb'))
    for (const file of packages) await step('dpkg', ['-x', join(fresh, 'archives', file), join(fresh, 'root')])
    await writePrograms(fresh, target)
    for (const folder of ['lists', 'archives', 'pkgcache.bin', 'srcpkgcache.bin'])
      await rm(join(fresh, folder), { recursive: true, force: true })
    await publish(fresh, target)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  report('postgres: fetched and unpacked')
}

/** apt with lists and archives of its own, so that nobody has to be root; what is installed it takes from the machine. */
function aptOptions(dir: string): string[] {
  const settings = {
    'Dir::State::lists': join(dir, 'lists'),
    'Dir::Cache': dir,
    'Dir::Cache::archives': join(dir, 'archives'),
    'Debug::NoLocking': '1',
    // Root's apt gives its rights up for a user who may not write there.
    'APT::Sandbox::User': 'root',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** A script for each program that lets it find the unpacked libraries, where `target` will be. */
async function writePrograms(fresh: string, target: string): Promise<void> {
  const unpacked = newestBelow(join(fresh, 'root'))
  if (unpacked === undefined) throw new PostgresUnavailableError(`this distribution has no PostgreSQL: ${INSTALL}`)
  const folder = unpacked.replace(fresh, target)
  const libraries = ['usr/lib', 'lib'].flatMap((path) => [path, `${path}/${multiarch()}`])
  const path = libraries.map((each) => join(target, 'root', each)).join(':')
  await mkdir(join(fresh, 'bin'))
  for (const program of PROGRAMS) {
    const script = `#!/bin/sh\nLD_LIBRARY_PATH='${path}' exec '${join(folder, program)}' "$@"\n`
    await writeFile(join(fresh, 'bin', program), script, { mode: 0o755 })
  }
  await chmod(fresh, 0o755)
}

function multiarch(): string {
  return { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as string] ?? process.arch
}

async function step(command: string, args: string[]): Promise<void> {
  try {
    await run(command, args, { timeout: FETCH_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: string | number; stderr?: string }
    const why = code === 'ENOENT' ? `there is no ${command}` : `${command}: ${stderr.trim().split('\n').at(-1)}`
    throw new PostgresUnavailableError(`PostgreSQL is not installed and cannot be fetched (${why}): ${INSTALL}`, {
      cause,
    })
  }
}
