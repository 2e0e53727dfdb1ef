import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './spawn.mjs'

/** The Node that everything but these scripts runs on; one that runs already and is of this major or newer will do. */
const nodeVersion = '26.10.0'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stateFile = join(root, 'node_modules/.resource-broker.json')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/**
 * Makes Node, pnpm and, unless told otherwise, the dependencies ready. Returns Node's path and the environment in which
 * all are found.
 */
export async function prepare({ dependencies = true } = {}) {
  const state = readState()
  const tools = await resolveTools(state)
  const env = {
    ...process.env,
    PATH: [dirname(tools.node), dirname(tools.pnpm), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    // Compiled and stripped code from the last run: no process loads the TypeScript stripper, 20 MB less for each.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/compile'),
    // In turbo's keys: results are of this Node.
    BROKER_TOOLCHAIN: tools.wanted,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
  if (state.wanted !== tools.wanted) writeState(tools)
  if (dependencies && state.installed !== manifestsKey()) {
    await install(tools, env)
    writeState({ ...tools, installed: manifestsKey() })
  }
  return { node: tools.node, env }
}

function writeState(state) {
  mkdirSync(dirname(stateFile), { recursive: true })
  writeFileSync(stateFile, JSON.stringify(state))
}

function readState() {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8'))
  } catch {
    return {}
  }
}

/** The paths of Node and pnpm. npx fetches and keeps them; it is asked once, as it takes a second each time. */
async function resolveTools(state) {
  const newEnough = Number.parseInt(process.versions.node, 10) >= Number.parseInt(nodeVersion, 10)
  const packages = [...(newEnough ? [] : [`node@${nodeVersion}`]), manifest.packageManager]
  const wanted = [newEnough ? process.execPath : '', ...packages].join(' ')
  if (state.wanted === wanted && existsSync(state.node) && existsSync(state.pnpm)) return state
  const print = 'console.log(JSON.stringify([process.execPath, process.env.PATH]))'
  const args = ['-y', ...packages.flatMap((name) => ['-p', name]), 'node', '-e', print]
  const { code, output } = await step(`preparing ${packages.join(' and ')}`, 'npx', args)
  const line = output.split('\n').find((text) => text.startsWith('['))
  if (code !== 0 || line === undefined) fail(`npx could not provide ${packages.join(' and ')}`, output)
  const [node, path] = JSON.parse(line)
  const pnpm = path
    .split(delimiter)
    .map((folder) => join(folder, 'pnpm'))
    .find((file) => existsSync(file))
  if (pnpm === undefined) fail('npx provided no pnpm', output)
  return { wanted, node: newEnough ? process.execPath : node, pnpm }
}

async function install({ pnpm }, env) {
  const frozen = await step('installing dependencies', pnpm, ['install', '--frozen-lockfile'], env)
  if (frozen.code === 0) return
  if (env.CI || !/ERR_PNPM_OUTDATED_LOCKFILE|frozen-lockfile/i.test(frozen.output))
    fail('pnpm install failed', frozen.output)
  const full = await step('the lockfile is behind the manifests: updating it', pnpm, ['install'], env)
  if (full.code !== 0) fail('pnpm install failed', full.output)
}

/** A hash of everything that decides what is installed. */
function manifestsKey() {
  const folders = packageFolders()
  const files = [
    ...['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'test/package.json'],
    ...folders.map((folder) => `${folder}/package.json`),
  ]
  const hash = createHash('sha256')
  for (const file of files.filter((name) => existsSync(join(root, name)))) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/** Every folder that is a package, with its tests. */
export function packageFolders() {
  const folders = ['packages', 'services', 'examples'].flatMap(subfolders)
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')))
}

/** The folders directly below one of ours, such as `services/broker`, sorted. */
export function subfolders(parent) {
  const path = join(root, parent)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`)
    .sort()
}

/** The paths of all files below one of our folders, relative to it, without installed packages. */
export function filesBelow(folder) {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name]
      return filesBelow(join(folder, entry.name)).map((name) => join(entry.name, name))
    })
}

/** Runs something with one line of progress on standard error instead of its output. */
async function step(title, command, args, env = process.env) {
  const started = Date.now()
  process.stderr.write(`${title} ...`)
  const result = await run(command, args, { env, cwd: root, quiet: true })
  process.stderr.write(` ${result.code === 0 ? '' : 'failed, '}${((Date.now() - started) / 1000).toFixed(1)} s\n`)
  if (result.interrupted) process.exit(130)
  return result
}

function fail(message, output) {
  process.stderr.write(`${output}\n${message}\n`)
  process.exit(1)
}
