import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundle, programs } from '@resource-broker/image'
import { freePort, logTail, ManagedProcess, type Nats, startNats } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'

const CERTIFICATES = join(ROOT, 'examples/certs/consumer/certificate-crd.yaml')
/** Those that serve /readyz. */
const SERVICES = Object.keys(programs).filter((name) => programs[name]?.startsWith('services/'))

/** Outside of the checkout: no node_modules to fall back on. */
let dir: string
let nats: Nats
let sandbox: ManagedProcess
const app = () => join(dir, 'app')
const state = (name: string) => join(dir, 'state', name)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'image-'))
  await bundle(app())
  nats = await startNats({ dir: join(dir, 'nats') })
  sandbox = await launch('sandbox', ['--dir', join(dir, 'state'), '--port', '0'], says('sandbox', 'Ready after'))
})

afterAll(async () => {
  await sandbox?.stop()
  await nats?.stop()
  await rm(dir, { recursive: true, force: true })
})

const logFile = (name: string) => join(dir, `${name}.log`)
const says = (name: string, text: string) => () => logTail(logFile(name)).includes(text)

/** As the image's entry point does. */
function launch(name: string, args: readonly string[], ready: () => boolean | Promise<boolean>) {
  return ManagedProcess.start({
    name,
    command: process.execPath,
    args: ['--max-semi-space-size=8', `${name}.mjs`, ...args],
    cwd: app(),
    logFile: logFile(name),
    ready,
  })
}

test('every service is in the image', async () => {
  const services = await readdir(join(ROOT, 'services'))
  expect(Object.keys(programs)).toEqual(expect.arrayContaining(services))
})

test('the bundled bootstrap prepares the bundled sandbox for the broker, with the CRDs that came along', async () => {
  const flags = ['--kcp-kubeconfig', state('admin.kubeconfig'), '--crd', CERTIFICATES]
  const args = ['cli.mjs', 'bootstrap', ...flags, '--output', state('broker.kubeconfig')]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: app() })
  expect(stdout).toContain('is the kubeconfig of')
})

test.each(SERVICES)('the bundle of %s becomes ready on it', async (name) => {
  const http = `127.0.0.1:${await freePort()}`
  const flags = ['--kcp-kubeconfig', state('broker.kubeconfig'), '--nats', nats.url, '--http-address', http]
  const service = await launch(name, flags, async () => (await fetch(`http://${http}/readyz`)).ok)
  await service.stop()
})

test('the bundled issuer waits for certificates', async () => {
  const issuer = await launch('issuer', ['--kubeconfig', state('admin.kubeconfig')], says('issuer', 'issuing as'))
  await issuer.stop()
})
