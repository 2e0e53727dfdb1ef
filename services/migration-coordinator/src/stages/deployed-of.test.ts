import { labels, Migration } from '@resource-broker/api'
import { type KeyView, type KubeObject, LEARNED_FOR_MS, type StagedMessage } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
import { askedAgainMs, deployedOf } from './deployed-of.ts'
import { learnStaged } from './staged-messages.ts'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
const end = (providerCluster: string) => ({ gvk, providerCluster, acceptAPIName: 'all' })
const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' }

const migration = Migration.of({
  ...{ apiVersion: Migration.apiVersion, kind: Migration.kind, metadata: { name: 'migration-a', uid: 'a' } },
  spec: {
    ...{ assignment: `assignment-${'a'.repeat(32)}`, from: end('alpha'), to: end('beta') },
    stages: [{ name: 'copy', templates: { job: { apiVersion: 'batch/v1', kind: 'Job' } } }],
  },
  status: {
    state: 'InitialInProgress',
    stages: [{ name: 'copy', state: 'Running', attempt: 1, deployed: { job: 'uid-job' } }],
  },
})

const job: KubeObject = {
  ...{ apiVersion: 'batch/v1', kind: 'Job' },
  metadata: {
    ...{ name: 'migration-a-job', namespace: 'migration-a', uid: 'uid-job', resourceVersion: '1' },
    labels: { [labels.migrationName]: 'migration-a', [labels.migrationStage]: 'copy' },
  },
}

/** A coordinator that was told once by the compute cluster that the Job of a stage is there; `isTold`: and then by a message. */
function coordinator(isTold: boolean) {
  const messages = new Map<string, StagedMessage>()
  const reads: number[] = []
  let [now, learnedAt] = [0, 0]
  let there: KubeObject | undefined = job
  const get = async () => {
    reads.push(now)
    if (there === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return there
  }
  const view = {
    all: () => messages,
    learn: (_part: string, qualifier: string, message: StagedMessage, at: number) => {
      messages.set(qualifier, message)
      learnedAt = at
    },
    untoldFor: (_part: string, _qualifier: string, at: number) => (isTold ? undefined : at - learnedAt),
  } as unknown as KeyView
  const staging = { brokerID: 'broker', compute: { client: { get }, kinds: [], resourceOf: async () => JOBS } }
  const context = { staging, now: () => new Date(now) } as unknown as CoordinatorContext
  learnStaged(view, JOBS, job, new Date(0))
  const look = async (at: number) => {
    now = at
    const { staged, gone } = await deployedOf(context, migration, view)
    return { staged: staged.map(({ name }) => name), gone: [...gone] }
  }
  const remove = () => {
    there = undefined
  }
  return { look, remove, reads, againMs: () => askedAgainMs(context, migration, view) }
}

const THERE = { staged: ['migration-a-job'], gone: [] }

test('what a stage has deployed is asked for again where only an answer has told of it: it may have gone before its watch knew of it', async () => {
  const { look, remove, reads, againMs } = coordinator(false)
  expect(await look(1_000)).toEqual(THERE)
  expect(againMs()).toBe(LEARNED_FOR_MS - 1_000)
  expect(await look(LEARNED_FOR_MS)).toEqual(THERE)
  expect([reads, againMs()]).toEqual([[LEARNED_FOR_MS], LEARNED_FOR_MS])
  remove()
  expect(await look(2 * LEARNED_FOR_MS)).toEqual({ staged: [], gone: ['uid-job'] })
  expect(againMs()).toBe(Number.POSITIVE_INFINITY)
})

test('what a message has told of is not asked for', async () => {
  const { look, remove, reads, againMs } = coordinator(true)
  remove()
  expect(await look(3 * LEARNED_FOR_MS)).toEqual(THERE)
  expect([reads, againMs()]).toEqual([[], Number.POSITIVE_INFINITY])
})
