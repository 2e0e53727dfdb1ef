import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { programs } from '@resource-broker/image'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { importBaseImages } from './base-images.ts'
import { type Docker, startDocker } from './docker.ts'

const TAG = 'resource-broker:test'
/** As restricted Pod Security wants it. */
const RESTRICTED = ['--rm', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges:true', '--network=none']

let dir: string
let docker: Docker
let unavailable: string | undefined
let said: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'containers-'))
  const started = await startDocker(join(dir, 'docker'))
  if (typeof started === 'string') {
    unavailable = started
    return
  }
  docker = started
  const { node, runtime } = await importBaseImages(docker, dir)
  const args = ['--tag', TAG, '--node-image', node, '--runtime-image', runtime]
  const build = promisify(execFile)
  const { env } = docker
  said = (await build(process.execPath, [join(ROOT, 'packages/image/src/main.ts'), ...args], { env })).stdout
})

afterAll(async () => {
  await docker?.stop()
  await rm(dir, { recursive: true, force: true })
})

beforeEach((context) => {
  if (unavailable !== undefined) context.skip(unavailable)
})

test('the image is built, and its size is said', () => {
  expect(said).toMatch(/^resource-broker:test: \d+\.\d MB unpacked$/m)
})

test('the image runs as nobody in particular, and says what it is', async () => {
  const [image] = JSON.parse(await docker.run('image', 'inspect', TAG))
  expect(image.Config.User).toBe('65532:65532')
  expect(image.Config.Labels).toMatchObject({
    'org.opencontainers.image.title': 'resource-broker',
    'org.opencontainers.image.version': '0.1.0',
    'org.opencontainers.image.licenses': 'Apache-2.0',
  })
})

test('there is no shell in the image', async () => {
  await expect(docker.run('run', ...RESTRICTED, '--entrypoint', '/bin/sh', TAG)).rejects.toThrow(/no such file/)
})

test.each(Object.keys(programs))('%s runs in it, with no right and nothing to write to', async (name) => {
  const command = name === 'cli' ? ['bootstrap'] : []
  expect(await docker.run('run', ...RESTRICTED, TAG, `${name}.mjs`, ...command, '--help')).toMatch(/--\w/)
})

test('a service that cannot reach NATS is alive in it, and says what it waits for', async () => {
  const flags = ['--http-address=127.0.0.1:8080', '--kcp-kubeconfig=sbom.cdx.json']
  const ask = `fetch('http://127.0.0.1:8080/readyz').then(async (answer) => console.log(answer.status, await answer.text()))`
  const id = (await docker.run('run', '-d', ...RESTRICTED, TAG, 'provider-syncer.mjs', ...flags)).trim()
  await waitFor('the service listens', async () => (await docker.run('logs', id)).includes('listening'))
  expect(await docker.run('exec', id, '/nodejs/bin/node', '-e', ask)).toMatch(/^503 .*start\/NATS/)
  await docker.run('kill', id)
})
