import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, freePort, type Nats, startControlPlane, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { THING_KIND } from '../support/provider-controller.ts'

let dir: string
let nats: Nats
let platform: ControlPlane

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  ;[nats, platform] = await Promise.all([startNats({ dir }), startControlPlane({ name: 'platform', dir })])
  await platform.client.applyDirectory(join(ROOT, 'crds'))
  for (const name of ['consumers', 'providers']) await mkdir(join(dir, name))
  await writeFile(join(dir, 'broken.kubeconfig'), 'this: [is not\n')
  await writeFile(join(dir, 'empty.kubeconfig'), '')
})

afterAll(async () => {
  await Promise.all([nats?.stop(), platform?.stop()])
  await rm(dir, { recursive: true, force: true })
})

type Ended = { code: number | null; stdout: string; stderr: string }

/** Runs a program of the broker as a user would. */
function run(service: string, args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'services', service, 'src/main.ts'), ...args])
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...output }))
  return { child, output, ended }
}

const records = (text: string): { level: string; msg: string; [field: string]: unknown }[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('wrong flags are told in one plain line each, and the broker exits with 2', async () => {
  const { code, stdout, stderr } = await run('broker', [
    ...['--coordination-kubeconfig', '/nowhere/kubeconfig', '--provider-kubeconfig-dir', '/nowhere/providers'],
    ...[
      '--watch-kind',
      'Certificate',
      '--partitions',
      'many',
      '--log-levle',
      'info',
      '--nats',
      'http://127.0.0.1',
      'surplus',
    ],
  ]).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.trim().split('\n').sort()).toEqual([
    'broker: --coordination-kubeconfig: no readable file at "/nowhere/kubeconfig"',
    'broker: --log-levle: no such flag; did you mean --log-level?',
    'broker: --nats: must be a URL such as nats://127.0.0.1:4222',
    'broker: --partitions: must be a number, got "many"',
    'broker: --provider-kubeconfig-dir: no readable directory at "/nowhere/providers"',
    'broker: --watch-kind: must be Kind.version.group such as Certificate.v1alpha1.example.platform-mesh.io, got "Certificate"',
    'broker: unexpected argument "info"',
    'broker: unexpected argument "surplus"',
  ])
})

test.each(['broker', 'workspace-watcher', 'placement-scheduler', 'migration-coordinator'])(
  '%s without flags says what it needs, and exits with 2',
  async (service) => {
    const { code, stderr } = await run(service, []).ended
    const needed = '--coordination-kubeconfig: is required (or RESOURCE_BROKER_COORDINATION_KUBECONFIG)'
    const line = `${needed}, unless --kcp-kubeconfig is given`
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${service}: ${line}\n` })
  },
)

test.each([
  { file: 'broken.kubeconfig', says: 'broken.kubeconfig: ' },
  { file: 'empty.kubeconfig', says: 'empty.kubeconfig: it is empty' },
])(
  'a platform kubeconfig that cannot be used ends the start with its path and what is wrong ($file)',
  async ({ file, says }) => {
    const flags = ['--coordination-kubeconfig', join(dir, file), '--nats', nats.url, '--http-address', '0']
    const { code, stdout } = await run('broker', flags).ended
    expect(code).toBe(1)
    const fatal = records(stdout).filter(({ level }) => level === 'fatal')
    expect(fatal).toHaveLength(1)
    expect(JSON.stringify(fatal[0])).toContain(says)
  },
)

test('kubeconfigs of providers that are broken or lead nowhere are told, and the broker works without them', async () => {
  await writeFile(join(dir, 'providers/broken.kubeconfig'), 'this: [is not\n')
  const nowhere = {
    clusters: [{ name: 'n', cluster: { server: `http://127.0.0.1:${await freePort()}` } }],
    users: [{ name: 'u', user: {} }],
  }
  const contexts = [{ name: 'n', context: { cluster: 'n', user: 'u' } }]
  await writeFile(
    join(dir, 'providers/nowhere.kubeconfig'),
    JSON.stringify({ ...nowhere, contexts, 'current-context': 'n' }),
  )
  const http = `127.0.0.1:${await freePort()}`
  const { child, output, ended } = run('broker', [
    ...['--coordination-kubeconfig', platform.kubeconfig, '--provider-kubeconfig-dir', join(dir, 'providers')],
    ...['--watch-kind', THING_KIND, '--nats', nats.url, '--http-address', http],
  ])
  try {
    await waitFor(
      'the broker is ready',
      async () =>
        await fetch(`http://${http}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
    )
    const interrupted = () =>
      records(output.stdout).find(({ msg, cluster }) => msg === 'cluster does not answer' && cluster === 'nowhere')
    const line = await waitFor('the unreachable provider is told', interrupted)
    expect(JSON.stringify(line)).toContain('ECONNREFUSED')
    const unusable = records(output.stdout).filter(({ msg }) => msg === 'kubeconfig cannot be used')
    expect(unusable[0]).toMatchObject({
      level: 'error',
      role: 'provider',
      path: join(dir, 'providers/broken.kubeconfig'),
    })
  } finally {
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  }
})

/** What /readyz gives as reasons. */
const reasonsOf = async (http: string): Promise<string> =>
  await fetch(`http://${http}/readyz`).then(
    (response) => response.text(),
    () => '',
  )

test.each(['NATS', 'the platform'])(
  'a broker that starts before %s waits for it, says so in one line and in readiness, and goes on when it is there',
  async (waitsFor) => {
    const late = await startNats({ dir: join(dir, `late ${waitsFor}`) })
    const server = waitsFor === 'NATS' ? late.process : platform.apiServer
    await server.stop()
    const http = `127.0.0.1:${await freePort()}`
    const flags = ['--coordination-kubeconfig', platform.kubeconfig, '--nats', late.url, '--http-address', http]
    const { child, output, ended } = run('broker', [...flags, '--watch-kind', THING_KIND])
    try {
      await waitFor('readiness tells', async () => (await reasonsOf(http)).includes(`start/${waitsFor}`))
      expect(await reasonsOf(http)).toMatch(/ECONNREFUSED|connection refused/i)
      const waiting = () =>
        records(output.stdout).filter(({ msg }) => msg === 'the start waits for what does not answer')
      expect(waiting()).toMatchObject([{ level: 'warn', waitsFor }])
      await server.start()
      await waitFor('the broker is ready', async () => (await fetch(`http://${http}/readyz`)).ok)
    } finally {
      child.kill('SIGTERM')
      expect((await ended).code).toBe(0)
      await server.start()
      await late.stop()
    }
  },
)
