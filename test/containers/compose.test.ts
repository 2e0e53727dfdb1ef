import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { chartedServices } from '@resource-broker/charts'
import { parseJson } from '@resource-broker/json'
import { ensureBinaries, waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { importProgram } from './base-images.ts'
import { type BuiltImage, startWithImage } from './image.ts'

const execute = promisify(execFile)
const FILE = join(ROOT, 'deploy/compose.yaml')
const DEVELOPMENT = join(ROOT, 'deploy/compose.dev.yaml')
/** A name of its own, so that a stack that somebody runs is left alone. */
const PROJECT = 'resource-broker-test'

const SERVER = 'jsonpath={.clusters[?(@.name=="root")].cluster.server}'
const REACHABLE = `jsonpath={range .items[*]}{.spec.providerCluster}={.status.conditions[?(@.type=="Reachable")].status} {end}`

let built: BuiltImage | string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  built = await startWithImage()
  if (typeof built === 'string') return
  const { docker, dir, tag, bases } = built
  const report = (line: string) => console.log(line)
  const tools = await ensureBinaries(['docker-compose', 'kubectl', 'nats-server'], report)
  const plugins = join(dir, 'docker-config/cli-plugins')
  await mkdir(plugins, { recursive: true })
  await symlink(tools['docker-compose'], join(plugins, 'docker-compose'))
  const images = {
    BROKER_IMAGE: tag,
    NATS_IMAGE: await importProgram(docker, join(dir, 'nats'), 'nats:test', tools['nats-server']),
    NODE_IMAGE: bases.sources,
  }
  const PATH = [join(dir, 'bin'), dirname(tools.kubectl), process.env['PATH']].join(':')
  env = { ...docker.env, ...images, PATH, DOCKER_CONFIG: dirname(plugins), COMPOSE_PROJECT_NAME: PROJECT }
})

afterAll(async () => {
  if (typeof built === 'object') await built.stop()
})

beforeEach((context) => {
  if (typeof built === 'string') context.skip(built)
})

afterEach(async () => {
  if (typeof built === 'object') await compose([FILE], 'down', '--volumes', '--timeout', '5')
})

const image = () => built as BuiltImage

async function compose(files: string[], ...args: string[]): Promise<string> {
  const given = files.flatMap((file) => ['--file', file])
  return (await execute('docker', ['compose', ...given, ...args], { env, maxBuffer: 2 ** 26 })).stdout
}

/** Puts the command that `certificate.sh` starts the provider's controller with on PATH. */
async function writeIssue(): Promise<void> {
  const { dir, tag } = image()
  const flags = ['--network', `${PROJECT}_default`, '--read-only', '--cap-drop=ALL', '--volume', '"$1:/provider:ro"']
  const command = ['issuer.mjs', '--kubeconfig', '/provider', '--endpoint-slice', 'certificates']
  const run = ['exec docker run --detach --name issuer', ...flags, tag, ...command, '--organization "Internal CA"']
  await mkdir(join(dir, 'bin'), { recursive: true })
  // Another user reads it there.
  await writeFile(join(dir, 'bin/issue'), `#!/bin/sh\nchmod 644 "$1"\n${run.join(' ')}\n`)
  await chmod(join(dir, 'bin/issue'), 0o755)
}

test('a certificate is issued through a stack that is up, and nothing of the stack is left when it is down', async () => {
  const { docker } = image()
  await compose([FILE], 'up', '--detach', '--wait')
  await writeIssue()
  const stdout = await reach('certificate.sh', await copyKubeconfig())
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^issuer=.*O = Internal CA/)

  await docker.run('rm', '--force', 'issuer')
  await compose([FILE], 'down', '--volumes')
  for (const kind of ['container', 'volume', 'network'])
    expect(await docker.run(kind, 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${PROJECT}`)).toBe('')
})

/** Where the admin of the stack's kcp is let in from this machine. */
async function copyKubeconfig(): Promise<string> {
  const file = join(image().dir, 'admin.kubeconfig')
  await compose([FILE], 'cp', 'kcp:/state/admin.kubeconfig', file)
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('https://kcp:', 'https://127.0.0.1:'))
  return file
}

/** Runs a command, or one of our scripts, in the root of the checkout, where the stack's published ports are. */
async function reach(name: string, ...args: string[]): Promise<string> {
  const path = name.endsWith('.sh') ? join(ROOT, 'test/containers', name) : name
  const [command = '', ...rest] = [...image().docker.reach, path, ...args]
  return (await execute(command, rest, { cwd: ROOT, env, maxBuffer: 2 ** 26 })).stdout
}

test('with the profile clusters the broker runs on clusters that are given by their kubeconfigs', async () => {
  await compose([FILE], 'up', '--detach', '--wait', 'kcp')
  const folder = join(image().dir, 'clusters')
  const kubeconfig = await copyKubeconfig()
  await reach('clusters.sh', kubeconfig, folder)
  env['CLUSTERS'] = folder
  await compose([FILE], '--profile', 'clusters', 'up', '--detach', '--wait', 'clusters')
  const platform = `${await reach('kubectl', '--kubeconfig', kubeconfig, 'config', 'view', '-o', SERVER)}:platform`
  const providers = ['get', 'providers.coord.broker.platform-mesh.io', '-o', REACHABLE]
  await waitFor('the platform has the provider', async () => {
    const told = await reach('kubectl', '--kubeconfig', kubeconfig, '--server', platform, ...providers)
    return told.includes('alpha=True')
  })
})

/** What the Prometheus of the stack answers. */
async function ask(path: string): Promise<Record<string, unknown>> {
  const script = `fetch('http://127.0.0.1:9090/api/v1/${path}').then((it) => it.text()).then(console.log)`
  return (parseJson(await reach(process.execPath, '--eval', script)) as { data: Record<string, unknown> }).data
}

test('with the profile observability a Prometheus scrapes each service, and has its alerts', async ({ skip }) => {
  const { docker, dir } = image()
  const { stdout } = await execute('which', ['prometheus']).catch(() => skip('there is no prometheus on PATH'))
  env['PROMETHEUS_IMAGE'] = await importProgram(docker, join(dir, 'prometheus'), 'prometheus:test', stdout.trim())
  const services = chartedServices.map(({ name }) => name)
  await compose([FILE], '--profile', 'observability', 'up', '--detach', '--wait', 'prometheus', ...services)
  await waitFor('each is scraped', async () => {
    const { activeTargets } = (await ask('targets')) as { activeTargets: { health: string }[] }
    return activeTargets.length === services.length && activeTargets.every(({ health }) => health === 'up')
  })
  const { groups } = (await ask('rules')) as { groups: { name: string; rules: { health: string }[] }[] }
  expect(groups.map(({ name }) => name).sort()).toEqual(services.toSorted())
  for (const { rules } of groups) expect(rules.map(({ health }) => health)).not.toContain('err')
})

test('in development the services run from the sources', async () => {
  const files = [FILE, DEVELOPMENT]
  await compose(files, 'up', '--detach', '--wait', 'placement-scheduler')
  expect(await compose(files, 'top', 'placement-scheduler')).toContain('services/placement-scheduler/src/main.ts')
})
