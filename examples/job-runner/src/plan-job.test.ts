import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Job, Pod } from './kinds.ts'
import { type JobPlan, planJob, unsupported } from './plan-job.ts'

type Vector = {
  name: string
  job?: { metadata?: object; spec?: object; status?: object }
  /** Phase, what is in its metadata, when its container ended. */
  pods: [phase: string, metadata?: object, finishedAt?: string][]
  plan: JobPlan | 'nothing'
  /** Types of the conditions that become True. */
  conditions?: string[]
}

const now = new Date('2026-01-01T00:02:00Z')
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/jobs.json'), 'utf8')) as Vector[]
const container = { name: 'main', command: ['true'] }

function jobWith({ metadata, spec, status }: NonNullable<Vector['job']> = {}): Job {
  const template = { spec: { containers: [container] } }
  return { metadata: { name: 'copy', ...metadata }, spec: { template, ...spec }, ...(status && { status }) } as Job
}

test.each(vectors)('a Job: $name', ({ job, pods, plan, conditions = [] }) => {
  const made = pods.map(([phase, metadata = {}, finishedAt]) => ({
    metadata,
    status: { phase, containerStatuses: finishedAt ? [{ state: { terminated: { finishedAt } } }] : [] },
  }))
  const planned = planJob(jobWith(job), made as Pod[], now)
  if (plan === 'nothing') return expect(planned).toEqual({})
  const { status, ...rest } = plan
  expect({ createPod: planned.createPod, againInMs: planned.againInMs }).toEqual({ ...rest })
  expect(planned.status).toMatchObject(status ?? {})
  const told = (planned.status?.['conditions'] ?? []) as { type: string; status: string }[]
  expect(told.map(({ type, status: value }) => `${type}=${value}`)).toEqual(conditions.map((type) => `${type}=True`))
})

describe('what a Job asks for that is not done', () => {
  test.each<[string, object, string[]]>([
    ['nothing', {}, []],
    ['several Pods', { completions: 3, parallelism: 2 }, ['completions', 'parallelism']],
    ['no end of its completions', { completions: null }, ['completions']],
    ['a deadline', { activeDeadlineSeconds: 5 }, ['activeDeadlineSeconds']],
    ['two containers', { template: { spec: { containers: [container, container] } } }, ['containers']],
    ["its image's own command", { template: { spec: { containers: [{ name: 'main' }] } } }, ['command']],
  ])('%s', (_what, spec, fields) => {
    expect(unsupported(jobWith({ spec }))).toEqual(fields)
  })
})
