import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeSandboxPackage } from '@resource-broker/image'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'

const EXAMPLE = join(ROOT, 'packages/sandbox/examples/go')
const COMMAND = 'node_modules/.bin/kcp-sandbox'

/** What a user of the library writes. */
const PROGRAM = `
import { startSandbox, type Sandbox } from '@resource-broker/sandbox'

const sandbox: Sandbox = await startSandbox({ shards: 2 })
const made = await Promise.all([sandbox.createWorkspace(), sandbox.createWorkspace({ name: 'named' })])
for (const workspace of made) if (!workspace.kubeconfig().includes(workspace.url)) throw new Error('no kubeconfig')
await made[0].delete()
console.log(made[1].path)
await sandbox.close()
`

/** Outside of the checkout: no node_modules to fall back on. */
let dir: string
const app = () => join(dir, 'app')
const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(command, args, { cwd: app(), env: { ...process.env, ...env } })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'package-'))
  const folder = join(dir, 'package')
  await writeSandboxPackage(folder)
  const { stdout } = await promisify(execFile)('npm', ['pack', '--silent'], { cwd: folder })
  await cp(EXAMPLE, app(), { recursive: true })
  await writeFile(join(app(), 'package.json'), '{ "private": true, "type": "module" }')
  await run('npm', ['install', '--silent', '--offline', join(folder, stdout.trim())])
})

afterAll(() => rm(dir, { recursive: true, force: true }))

test('it brings no other package, and the licenses of those that are in it', async () => {
  expect(await readdir(join(app(), 'node_modules'))).toEqual(['.bin', '.package-lock.json', '@resource-broker'])
  const text = await readFile(join(app(), 'node_modules/@resource-broker/sandbox/NOTICES.md'), 'utf8')
  expect(text).toContain('## @marcbachmann/cel-js')
  expect(text).not.toMatch(/^## .*\n\n(##|$)/m)
})

test('its types are those of a program that uses it, and the program gets workspaces', async () => {
  await writeFile(join(app(), 'program.ts'), PROGRAM)
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node']
  const flags = ['--module', 'nodenext', '--strict', '--target', 'es2025', '--outDir', 'out', ...types]
  await run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, 'program.ts'])
  await cp(join(app(), 'out/program.js'), join(app(), 'program.js'))
  expect((await run(process.execPath, ['program.js'])).stdout).toBe('root:named\n')
})

test('a Go test starts its command and has a workspace for each of its tests', async () => {
  const { stdout } = await run('go', ['test', '-v', './...'], { KCP_SANDBOX: `${process.execPath} ${COMMAND}` })
  expect(stdout).toMatch(/PASS: TestGreeting[\s\S]*PASS: TestAnotherGreeting/)
})
