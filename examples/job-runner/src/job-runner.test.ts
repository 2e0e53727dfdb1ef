import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeClient } from '@resource-broker/kube'
import { type ControlPlane, type KubeObject, startControlPlane, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runJobs } from './job-runner.ts'

const dir = mkdtempSync(join(tmpdir(), 'job-runner-'))
let plane: ControlPlane
let kube: KubeClient

beforeAll(async () => {
  const controllers = ['garbage-collector-controller', 'namespace-controller'] as const
  plane = await startControlPlane({ name: 'compute', dir, controllers, report: console.log })
  kube = await KubeClient.fromFile(plane.kubeconfig)
})
afterAll(async () => {
  kube.close()
  await plane.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** Runs until the test has finished, or what it returns is called. */
function startRunner(): () => Promise<void> {
  const stopping = new AbortController()
  const ended = runJobs({ client: kube, firstRetryMs: 1, say: () => undefined, signal: stopping.signal })
  const stop = async () => {
    stopping.abort()
    await ended
  }
  onTestFinished(stop)
  return stop
}

async function createNamespace(name: string): Promise<void> {
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
}

function job(
  name: string,
  script: string,
  { namespace = 'default', env = [], ...spec }: Record<string, unknown> = {},
): KubeObject {
  const container = { name: 'main', image: 'any', command: ['sh', '-c', script], env }
  const template = { spec: { restartPolicy: 'Never', containers: [container] } }
  const metadata = { name, namespace: namespace as string }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template, ...spec } }
}

async function reaches(object: KubeObject, condition: string): Promise<KubeObject> {
  return await waitFor(`${object.metadata.name} is ${condition}`, async () => {
    const found = await plane.client.get(object)
    const conditions = (found?.['status']?.conditions ?? []) as { type: string; status: string }[]
    return conditions.some(({ type, status }) => type === condition && status === 'True') && found
  })
}

async function podsOf(name: string, namespace = 'default'): Promise<KubeObject[]> {
  const selector = `labelSelector=batch.kubernetes.io/job-name=${name}`
  const { items } = (await plane.client.json('GET', `/api/v1/namespaces/${namespace}/pods?${selector}`)) as unknown as {
    items: KubeObject[]
  }
  return items
}

/** Waits for the file that a Job's script writes its process id to: `$$$$`, of which Kubernetes leaves `$$`. */
async function pidIn(file: string): Promise<number> {
  return await waitFor(`${file} is written`, () => {
    try {
      return Number(readFileSync(file, 'utf8').trim()) || undefined
    } catch {
      return undefined
    }
  })
}

async function isGone(pid: number): Promise<void> {
  await waitFor(`process ${pid} is gone`, () => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  })
}

test('a Job runs with its environment, waits for the Secret that it names, and is complete', async () => {
  startRunner()
  const secretKeyRef = { name: 'login', key: 'user' }
  const env = [
    { name: 'LOGIN', valueFrom: { secretKeyRef } },
    { name: 'SPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  ]
  const out = join(dir, 'hello')
  const hello = await plane.client.apply(job('hello', `echo "$LOGIN in $SPACE, $(ls / | wc -l)" > ${out}`, { env }))
  await waitFor('its Pod waits for the Secret', async () => {
    const [pod] = await podsOf('hello')
    return pod?.['status'].containerStatuses?.[0]?.state.waiting?.message === 'secret "login" not found'
  })
  await plane.client.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login' },
    stringData: { user: 'ann' },
  })
  const { status } = await reaches(hello, 'Complete')
  expect(status).toMatchObject({ succeeded: 1, startTime: expect.any(String), completionTime: expect.any(String) })
  expect(status.active).toBeUndefined()
  expect(readFileSync(out, 'utf8')).toMatch(/^ann in default, \d+\n$/)
  const [pod] = await podsOf('hello')
  expect(pod?.['status']).toMatchObject({
    phase: 'Succeeded',
    containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
  })
})

test('a Job that fails is tried again as often as it may be, each time in a Pod of its own', async () => {
  startRunner()
  const { status } = await reaches(await plane.client.apply(job('broken', 'exit 3', { backoffLimit: 2 })), 'Failed')
  expect(status).toMatchObject({ failed: 3 })
  expect(status.conditions.find(({ type }: { type: string }) => type === 'Failed').reason).toBe('BackoffLimitExceeded')
  const codes = (await podsOf('broken')).map((pod) => pod['status'].containerStatuses[0].state.terminated.exitCode)
  expect(codes).toEqual([3, 3, 3])
})

test.each(['its Job', 'its namespace'])('what runs is ended when %s is deleted', async (what) => {
  startRunner()
  const namespace = what === 'its Job' ? 'deleted-job' : 'deleted-namespace'
  await createNamespace(namespace)
  const file = join(dir, namespace)
  const endless = await plane.client.apply(job('endless', `echo $$$$ > ${file}; sleep 1000 & wait`, { namespace }))
  const pid = await pidIn(file)
  await waitFor('the Job is active', async () => (await plane.client.get(endless))?.['status'].active === 1)
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs/endless?propagationPolicy=Background`
  await plane.client.json('DELETE', what === 'its Job' ? jobs : `/api/v1/namespaces/${namespace}`)
  await isGone(pid)
  await waitFor('nothing is left', async () => (await podsOf('endless', namespace)).length === 0)
})

test('a runner that is started anew tries again what the one before left', async () => {
  const stop = startRunner()
  const file = join(dir, 'restarted')
  const left = await plane.client.apply(job('left', `echo $$$$ > ${file}; test -e ${file}.go || sleep 1000`))
  const pid = await pidIn(file)
  await waitFor('the Job is active', async () => (await plane.client.get(left))?.['status'].ready === 1)
  await stop()
  await isGone(pid)
  writeFileSync(`${file}.go`, '')
  startRunner()
  const { status } = await reaches(left, 'Complete')
  expect(status).toMatchObject({ succeeded: 1, failed: 1 })
})
