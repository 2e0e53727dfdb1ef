import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chartedServices, rightsIn, rulesOf, servicesIn } from '@resource-broker/charts'
import { bootstrapConfig } from '@resource-broker/cli'
import { describeFlags } from '@resource-broker/service'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ROOT } from '../support/landscape.ts'
import {
  CHARTS,
  type ChartHome,
  chartNames,
  NAMESPACE,
  objectsOf,
  type Rendered,
  readOurs,
  startChartHome,
} from './charts.ts'

const UMBRELLA = 'resource-broker'
const LIBRARY = 'broker-library'
const here = (file: string) => join(ROOT, 'test/charts', file)
const example = (mode: string) => join(CHARTS, 'examples', `${mode}.yaml`)
const charts = await chartNames()

let home: ChartHome

beforeAll(async () => {
  home = await startChartHome()
  await home.kubectl('apply', '-f', here('monitoring-crds.yaml'))
})
afterAll(() => home?.stop())

/** The flags of `examples/<mode>.yaml` for a service's chart alone, as a file. */
async function aloneValues(mode: string): Promise<string> {
  const { global } = parse(await readOurs(`deploy/charts/examples/${mode}.yaml`)) as { global: object }
  const file = join(home.plane.dir, `${mode}-alone.yaml`)
  await writeFile(file, stringify({ global }))
  return file
}

const ofKind = (objects: readonly Rendered[], kind: string) => objects.filter((object) => object.kind === kind)

test.each(charts)('the chart %s has no lint', async (chart) => {
  const needsMode = ![LIBRARY, 'resource-broker-crds'].includes(chart)
  const values = needsMode ? ['--values', chart === UMBRELLA ? example('kcp') : await aloneValues('kcp')] : []
  await home.helm('lint', '--strict', '--kube-version=1.34.0', join(CHARTS, chart), ...values)
})

describe.each(['kcp', 'clusters'])('with the example for %s', (mode) => {
  test('the API server takes every object of the umbrella, without a warning of Pod Security', async () => {
    const taken = await home.tryOut(await home.render(UMBRELLA, example(mode)))
    for (const { name, kcpOnly } of chartedServices)
      expect(taken.includes(`deployment.apps/broker-${name} created`), name).toBe(mode === 'kcp' || kcpOnly !== true)
  })

  test.each(chartedServices.map(({ name }) => name))('the chart of %s stands alone', async (name) => {
    const manifests = await home.render(name, await aloneValues(mode))
    if (objectsOf(manifests).length > 0) await home.tryOut(manifests)
    else expect([mode, name]).toEqual(['clusters', 'workspace-provisioner'])
  })

  test('the environment of each service names its own flags alone', async () => {
    const objects = objectsOf(await home.render(UMBRELLA, example(mode)))
    for (const { name, config } of chartedServices) {
      const known = describeFlags(config).map(({ env }) => env)
      const { env = [] } = containerOf(deploymentOf(objects, name)) ?? {}
      for (const { name: variable } of env) expect(known, name).toContain(variable)
    }
  })
})

type Container = { name: string; image: string; env: { name: string; value: string }[] }
type Volume = { name: string; secret?: { items: { key: string }[] } }
type PodSpec = { containers: Container[]; volumes: Volume[] }

function podOf(deployment: Rendered | undefined): PodSpec | undefined {
  const template = deployment?.spec?.['template'] as { spec: PodSpec } | undefined
  return template?.spec
}

const deploymentOf = (objects: readonly Rendered[], service: string) =>
  ofKind(objects, 'Deployment').find(({ metadata }) => metadata.name === `broker-${service}`)

const containerOf = (deployment: Rendered | undefined) => podOf(deployment)?.containers[0]

test('the API server takes every object with every switch on, and what a service says itself comes first', async () => {
  const manifests = await home.render(UMBRELLA, example('clusters'), here('everything.yaml'))
  await home.tryOut(manifests)
  const objects = objectsOf(manifests)
  const container = containerOf(deploymentOf(objects, 'placement-scheduler'))
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
  expect(container?.image).toBe('registry.example/broker@sha256:0123')
  expect(env).toMatchObject({
    RESOURCE_BROKER_LOG_LEVEL: 'trace',
    RESOURCE_BROKER_PARTITIONS: '16',
    RESOURCE_BROKER_HTTP_ADDRESS: '[::]:8080',
    RESOURCE_BROKER_WATCH_KIND: 'Certificate.v1alpha1.example.platform-mesh.io',
    RESOURCE_BROKER_CONSUMER_KUBECONFIG_DIR: '/etc/resource-broker/consumers',
    RESOURCE_BROKER_COORDINATION_KUBECONFIG: '/etc/resource-broker/platform/kubeconfig',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.monitoring:4318',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  })
  const services = chartedServices.filter(({ kcpOnly }) => kcpOnly !== true).length
  expect(ofKind(objects, 'PrometheusRule')).toHaveLength(services)
  expect(ofKind(objects, 'PodDisruptionBudget')).toHaveLength(services - 1)
  expect(ofKind(objects, 'NetworkPolicy')).toHaveLength(services - 1)
})

test('the services that run stages reach the compute cluster, and migration-coordinator the providers for it', async () => {
  const withCompute = objectsOf(await home.render(UMBRELLA, example('clusters'), here('everything.yaml')))
  const without = objectsOf(await home.render(UMBRELLA, example('clusters')))
  const filesOf = (objects: readonly Rendered[]) =>
    Object.fromEntries(
      ofKind(objects, 'Deployment').map((deployment) => {
        const { env = [] } = containerOf(deployment) ?? {}
        const files = env.filter(({ name }) => /COMPUTE_KUBECONFIG|PROVIDER_KUBECONFIG_DIR|STAGE_/.test(name))
        return [
          containerOf(deployment)?.name,
          files.map(({ name, value }) => `${name.replace('RESOURCE_BROKER_', '')}=${value}`),
        ]
      }),
    )
  const mounts = '/etc/resource-broker'
  const providers = `PROVIDER_KUBECONFIG_DIR=${mounts}/providers`
  const staging = [
    'STAGE_NAMESPACE=stages',
    'STAGE_KINDS=Job.v1.batch,ConfigMap.v1.',
    `COMPUTE_KUBECONFIG=${mounts}/compute/compute.kubeconfig`,
  ]
  const stages = { 'workspace-watcher': [...staging, providers], 'migration-coordinator': [...staging, providers] }
  expect(filesOf(withCompute)).toMatchObject({ ...stages, 'provider-syncer': [providers] })
  expect(filesOf(without)).toMatchObject({ 'workspace-watcher': [providers], 'migration-coordinator': [] })
})

test('the API server takes the Job that prepares a kcp, and its environment is of flags that bootstrap has', async () => {
  const manifests = await home.render(UMBRELLA, example('kcp'), example('kcp-bootstrap'), here('bootstrap.yaml'))
  expect(await home.tryOut(manifests)).toContain('job.batch/broker-bootstrap created')
  const [job] = ofKind(objectsOf(manifests), 'Job').filter(({ metadata }) => metadata.name === 'broker-bootstrap')
  const { env = [] } = containerOf(job) ?? {}
  const known = describeFlags(bootstrapConfig).map((flag) => flag.env)
  for (const { name } of env) expect(known).toContain(name)
  expect(Object.fromEntries(env.map(({ name, value }) => [name, value]))).toMatchObject({
    RESOURCE_BROKER_OUTPUT_SECRET: `${NAMESPACE}/broker-kcp`,
    RESOURCE_BROKER_CRD: '/cluster/certificate.yaml',
    RESOURCE_BROKER_DAYS: '30',
  })
})

test('a pod that asks for more than restricted Pod Security allows would have been noticed', async () => {
  const manifests = await home.render('provider-syncer', await aloneValues('kcp'))
  const loose = manifests.replace('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true')
  await expect(home.tryOut(loose)).rejects.toThrow(/would violate PodSecurity "restricted/)
})

test('a field that the API server does not know would have been noticed', async () => {
  const manifests = await home.render('provider-syncer', await aloneValues('kcp'))
  await expect(home.tryOut(manifests.replace('replicas:', 'replica:'))).rejects.toThrow(/unknown field "spec.replica"/)
})

test('the rights of each service in the platform are its own alone', async () => {
  const roles = ofKind(objectsOf(await home.render(UMBRELLA, example('clusters'))), 'ClusterRole')
  const own = roles.filter(({ metadata }) => metadata.name.endsWith('-platform'))
  const rules = new Map(own.map(({ metadata, rules }) => [metadata.name, rules]))
  const wanted = servicesIn('platform').map((service) => [
    `${NAMESPACE}-broker-${service}-platform`,
    rulesOf(rightsIn('platform', service)),
  ])
  expect(rules).toEqual(new Map(wanted as [string, object][]))
})

test('each service has the credentials of its own user of NATS alone', async () => {
  const deployments = ofKind(objectsOf(await home.render(UMBRELLA, example('clusters'))), 'Deployment')
  const keys = deployments.map((deployment) => {
    const credentials = podOf(deployment)?.volumes.find(({ name }) => name === 'nats-credentials')
    return [deployment.metadata.name, credentials?.secret?.items.map(({ key }) => key)]
  })
  expect(keys.length).toBeGreaterThan(0)
  expect(keys).toEqual(keys.map(([name]) => [name, [`${String(name).replace(/^broker-/, '')}.nk`]]))
})

describe('an alert', () => {
  let rules: Rendered[]
  beforeAll(async () => {
    const rendered = await home.render(UMBRELLA, example('clusters'), here('everything.yaml'))
    rules = ofKind(objectsOf(rendered), 'PrometheusRule')
  })

  test('has a runbook', async () => {
    const headings = (await readOurs('docs/operations/alerts.md')).toLowerCase()
    const runbooks = new Set(stringify(rules).match(/alerts\.md#\w+/g))
    expect(runbooks.size).toBeGreaterThan(0)
    for (const runbook of runbooks) expect(headings).toContain(`## ${runbook.split('#')[1]}`)
  })

  test('says what it should, and when', async ({ skip }) => {
    const promtool = (...args: string[]) => promisify(execFile)('promtool', args, { cwd: home.plane.dir })
    await promtool('--version').catch(() => skip('there is no promtool on PATH'))
    const own = rules.find(({ metadata }) => metadata.name === 'broker-placement-scheduler')
    await writeFile(join(home.plane.dir, 'rules.yaml'), stringify(own?.spec))
    await writeFile(join(home.plane.dir, 'alerts.yaml'), await readOurs('test/charts/alerts.yaml'))
    await promtool('test', 'rules', 'alerts.yaml')
    await promtool('check', 'config', join(ROOT, 'deploy/observability/prometheus.yaml'))
  })
})

type Refusal = { name: string; values: object; because: string }
const refusals = parse(await readOurs('test/charts/refused.yaml')) as Refusal[]

test.each(refusals)('refuses: $name', async ({ values, because }) => {
  const file = join(home.plane.dir, 'refused.yaml')
  await writeFile(file, stringify(values))
  const refused = await home.render(UMBRELLA, file).then(() => 'taken', String)
  expect(refused).toContain(because)
  expect(refused).not.toContain('hunter2')
})

describe('installed', () => {
  const secret = (key: string) => ['create', 'secret', 'generic', 'broker-kcp', `--from-literal=kubeconfig=${key}`]
  const release = ['broker', join(CHARTS, 'placement-scheduler'), '--namespace', NAMESPACE]
  const sum = async () => {
    const path = "jsonpath={.spec.template.metadata.annotations['checksum/secrets']}"
    return await home.kubectl('get', 'deployment', 'broker-placement-scheduler', '-n', NAMESPACE, '-o', path)
  }

  test('pods roll at an upgrade when a Secret changed, and not otherwise', async () => {
    const values = ['--values', await aloneValues('kcp')]
    await home.kubectl(...secret('a'), '-n', NAMESPACE)
    await home.helm('install', ...release, ...values)
    const first = await sum()
    await home.helm('upgrade', ...release, ...values)
    expect(await sum()).toBe(first)
    await home.kubectl('delete', 'secret', 'broker-kcp', '-n', NAMESPACE)
    await home.kubectl(...secret('b'), '-n', NAMESPACE)
    await home.helm('upgrade', ...release, ...values)
    expect(await sum()).not.toBe(first)
    await home.helm('uninstall', 'broker', '--namespace', NAMESPACE)
  })

  test('an uninstallation leaves the kinds, and with them what people wrote', async () => {
    const crds = async () => await home.kubectl('get', 'crds', '-o', 'name')
    await home.helm('install', 'kinds', join(CHARTS, 'resource-broker-crds'), '--namespace', NAMESPACE)
    const before = await crds()
    expect(before).toContain('acceptapis.broker.platform-mesh.io')
    await home.helm('uninstall', 'kinds', '--namespace', NAMESPACE)
    expect(await crds()).toBe(before)
  })
})
