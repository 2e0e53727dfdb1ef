import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseJson } from '@resource-broker/json'
import { type ChartFiles, chartFiles } from './chart-files.ts'
import { flagsPage } from './flags-page.ts'
import { platformFiles } from './platform-files.ts'

const ROOT = join(import.meta.dirname, '../../..')
const COMMAND = 'pnpm --filter @resource-broker/charts charts'

/** Every generated file by its path in the checkout. */
function files(): ChartFiles {
  const { version } = parseJson(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const crds = readdirSync(join(ROOT, 'crds')).map((name) => [name, readFileSync(join(ROOT, 'crds', name), 'utf8')])
  const role = readFileSync(join(ROOT, 'deploy/rbac/platform.yaml'), 'utf8')
  const charts = [...chartFiles(version), ...platformFiles(new Map(crds as [string, string][]), role)]
  const below = charts.map(([path, content]) => [`deploy/charts/${path}`, content] as const)
  return new Map([...below, ['docs/operations/flags.md', flagsPage()]])
}

function isCurrent(path: string, wanted: string | { link: string }): boolean {
  try {
    if (typeof wanted === 'string') return readFileSync(path, 'utf8') === wanted
    return lstatSync(path).isSymbolicLink() && readlinkSync(path) === wanted.link
  } catch {
    return false
  }
}

function write(path: string, content: string | { link: string }): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true, recursive: true })
  if (typeof content === 'string') writeFileSync(path, content)
  else symlinkSync(content.link, path)
}

/** Writes what the charts and docs/operations have from the code; with --check it only compares, and exits with 1 and one line. */
function main(args: readonly string[]): void {
  const stale = [...files()].filter(([path, content]) => !isCurrent(join(ROOT, path), content))
  if (!args.includes('--check')) {
    for (const [path, content] of stale) write(join(ROOT, path), content)
  } else if (stale.length > 0) {
    const names = stale.map(([path]) => relative(process.cwd(), join(ROOT, path))).join(', ')
    console.error(`out of date: ${names}; run \`${COMMAND}\``)
    process.exitCode = 1
  }
}

if (import.meta.main) main(process.argv.slice(2))
