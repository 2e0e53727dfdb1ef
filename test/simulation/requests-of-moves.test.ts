import { MigrationConfiguration } from '@resource-broker/api'
import { expect, test } from 'vitest'
import type { AskedBy } from '../trust/failures/asked.ts'
import { FailureWorld } from '../trust/failures/world.ts'

/** Three stages, one of each phase, that each run a Job with what the old copy says. */
function configure(world: FailureWorld): void {
  const { apiVersion, kind, plural, group } = MigrationConfiguration
  const gvk = { group: 'example.test', version: 'v1', kind: 'Thing' }
  const run = { apiVersion: 'batch/v1', kind: 'Job', spec: { value: '${from.spec.value}' } }
  const stages = ['Initial', 'Cutover', 'Finalize'].map((phase) => ({
    ...{ name: phase.toLowerCase(), phase, templates: { run }, successConditions: ['has(run.status.succeeded)'] },
  }))
  const place = { resource: `${plural}.${group}`, name: 'things' }
  world.create('platform', place, apiVersion, kind, { spec: { from: gvk, to: gvk, stages } })
}

/** What is no matter of one move: what a provider is said to have, watches that begin, and what a cluster serves. */
const isOfNone = ({ method, resource, verbs }: AskedBy): boolean =>
  method === 'DISCOVER' || resource === 'providers' || verbs.includes('watch')

/** How often each request was sent. */
function countsOf(asked: readonly AskedBy[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { at, method, resource, subresource } of asked) {
    const verb = method === 'WATCH' ? 'LIST' : method
    const request = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}, ${at}`
    counts[request] = (counts[request] ?? 0) + 1
  }
  return counts
}

/** The requests that the move of one object costs, from the change of its spec until nothing is left to do. */
async function requestsOf(isStaged: boolean): Promise<{ reads: object; writes: object }> {
  const world = new FailureWorld({ isStaged })
  try {
    await world.begin(undefined)
    if (isStaged) configure(world)
    world.make({ value: 1 })
    await world.until(() => world.thing()?.status?.status === 'Available')
    await world.pass(2_000)
    const before = world.asked.length
    world.change({ size: 'large' })
    await world.pass(40_000)
    const asked = world.asked.slice(before).filter((each) => !isOfNone(each))
    const isRead = ({ method }: AskedBy) => method === 'GET' || method === 'WATCH'
    return { reads: countsOf(asked.filter(isRead)), writes: countsOf(asked.filter((each) => !isRead(each))) }
  } finally {
    world.end()
  }
}

test('a plain move costs 26 writes and 6 reads', async () => {
  const { reads, writes } = await requestsOf(false)
  expect(writes).toEqual({
    'DELETE things, provider': 2,
    'PATCH assignments, platform': 7,
    'PATCH migrations/status, platform': 5,
    'PATCH things, consumer': 1,
    'PATCH things, provider': 1,
    'PATCH things/status, consumer': 4,
    'POST events, consumer': 2,
    'POST events, platform': 3,
    'POST migrations, platform': 1,
  })
  expect(reads).toEqual({
    'GET assignments, platform': 1,
    'GET migrations, platform': 2,
    'GET things, provider': 2,
    'LIST migrationconfigurations, platform': 1,
  })
})

test('a move through three stages costs 53 writes and 17 reads', async () => {
  const { reads, writes } = await requestsOf(true)
  expect(writes).toEqual({
    'DELETE jobs, compute cluster': 3,
    'DELETE namespaces, compute cluster': 1,
    'DELETE things, provider': 2,
    'PATCH assignments, platform': 7,
    'PATCH migrations, platform': 2,
    'PATCH migrations/status, platform': 15,
    'PATCH things, consumer': 1,
    'PATCH things, provider': 1,
    'PATCH things/status, consumer': 8,
    'POST events, consumer': 2,
    'POST events, platform': 6,
    'POST jobs, compute cluster': 3,
    'POST migrations, platform': 1,
    'POST namespaces, compute cluster': 1,
  })
  expect(reads).toEqual({
    'GET assignments, platform': 5,
    'GET migrationconfigurations, platform': 4,
    'GET migrations, platform': 2,
    'GET namespaces, compute cluster': 3,
    'GET things, provider': 2,
    'LIST migrationconfigurations, platform': 1,
  })
})
