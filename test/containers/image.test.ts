import { programs } from '@resource-broker/image'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BuiltImage, startWithImage } from './image.ts'

/** As restricted Pod Security wants it. */
const RESTRICTED = ['--rm', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges:true', '--network=none']

let built: BuiltImage | string

beforeAll(async () => {
  built = await startWithImage()
})
afterAll(async () => {
  if (typeof built === 'object') await built.stop()
})

beforeEach((context) => {
  if (typeof built === 'string') context.skip(built)
})

const image = () => built as BuiltImage

test('the image is built, and its size is said', () => {
  expect(image().said).toMatch(/^resource-broker:test: \d+\.\d MB unpacked$/m)
})

test('the image runs as nobody in particular, and says what it is', async () => {
  const { docker, tag } = image()
  const [inspected] = JSON.parse(await docker.run('image', 'inspect', tag))
  expect(inspected.Config.User).toBe('65532:65532')
  expect(inspected.Config.Labels).toMatchObject({
    'org.opencontainers.image.title': 'resource-broker',
    'org.opencontainers.image.version': '0.1.0',
    'org.opencontainers.image.licenses': 'Apache-2.0',
  })
})

test('there is no shell in the image', async () => {
  const { docker, tag } = image()
  await expect(docker.run('run', ...RESTRICTED, '--entrypoint', '/bin/sh', tag)).rejects.toThrow(/no such file/)
})

test.each(Object.keys(programs))('%s runs in it, with no right and nothing to write to', async (name) => {
  const { docker, tag } = image()
  const command = name === 'cli' ? ['bootstrap'] : []
  expect(await docker.run('run', ...RESTRICTED, tag, `${name}.mjs`, ...command, '--help')).toMatch(/--\w/)
})

test('a service that cannot reach NATS is alive in it, and says what it waits for', async () => {
  const { docker, tag } = image()
  const flags = ['--http-address=127.0.0.1:8080', '--kcp-kubeconfig=sbom.cdx.json']
  const ask = `fetch('http://127.0.0.1:8080/readyz').then(async (answer) => console.log(answer.status, await answer.text()))`
  const id = (await docker.run('run', '-d', ...RESTRICTED, tag, 'provider-syncer.mjs', ...flags)).trim()
  await waitFor('the service listens', async () => (await docker.run('logs', id)).includes('listening'))
  expect(await docker.run('exec', id, 'node', '-e', ask)).toMatch(/^503 .*start\/NATS/)
  await docker.run('kill', id)
})
