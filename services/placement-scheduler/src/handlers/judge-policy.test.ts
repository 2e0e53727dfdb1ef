import type { PlacementPolicy } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { platformOf, policy, viewOf } from '../fixtures.ts'
import { look as lookAt } from './look.ts'

const term = { matchLabels: { region: 'eu' } }

/** A platform that has a policy, and a scheduler that looks at what it was told of it. */
function platform(object: KubeObject) {
  const { held, put, client } = platformOf(object)
  const view = viewOf({ policy: { name: 'some', object } })
  let counts = true
  const context = {
    ...{ clusters: { coordination: client }, policies: { counts: () => counts } },
    ...{ logger: { info: () => undefined }, now: () => new Date(0) },
  }
  const setCounts = (its: boolean) => {
    counts = its
  }
  const look = () =>
    lookAt(context as unknown as SchedulerContext, { key: 'k', view } as unknown as Parameters<typeof lookAt>[1])
  const ready = () => (held.get('some') as unknown as PlacementPolicy).status?.conditions?.[0]
  return { held, put, look, ready, setCounts, version: () => held.get('some')?.metadata.resourceVersion }
}

test.each([
  { what: 'that is well', spec: { selector: {}, require: [term] }, status: 'True', reason: 'Valid' },
  { what: 'that asks for nothing', spec: { selector: {} }, status: 'True', reason: 'AsksForNothing' },
  {
    what: 'whose expression is wrong',
    spec: { selector: { when: 'objekt.spec.size > 4' }, require: [term] },
    status: 'False',
    reason: 'Invalid',
    message:
      'spec.selector.when: Unknown variable: objekt; the expression sees object; objects that the rest of spec.selector selects go nowhere',
  },
  {
    what: 'that cannot be read',
    spec: { selector: {}, require: [{ matchExpressions: [{ key: 'a', operator: 'Gt' }] }] },
    status: 'False',
    reason: 'Invalid',
    message:
      'spec.require[0].matchExpressions[0].operator: Invalid option: expected one of "In"|"NotIn"|"Exists"|"DoesNotExist"; it counts for no object',
  },
])('a policy $what reads so, once', async ({ what: _, spec, ...expected }) => {
  const { look, ready, version } = platform(policy(spec, { generation: 3 }))
  expect(await look()).toEqual({ done: true })
  expect(ready()).toMatchObject({ type: 'Ready', observedGeneration: 3, ...expected })
  const written = version()
  await look()
  expect(version()).toBe(written)
})

test('one that has changed meanwhile is looked at again', async () => {
  const { look, put } = platform(policy({ selector: {} }))
  put(policy({ selector: {}, require: [term] }, { generation: 2 }))
  await expect(look()).rejects.toMatchObject({ status: 409 })
})

test.each(['gone meanwhile', 'being deleted'])('one that is %s is told nothing', async (how) => {
  const object = policy({ selector: {} }, how === 'being deleted' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {})
  const { held, look, ready, version } = platform(object)
  if (how === 'gone meanwhile') held.clear()
  expect(await look()).toEqual({ done: true })
  if (how === 'being deleted') expect([ready(), version()]).toEqual([undefined, '1'])
})

test('a policy is told nothing before it counts', async () => {
  const { look, ready, setCounts } = platform(policy({ selector: {} }))
  setCounts(false)
  expect([await look(), ready()]).toEqual([expect.objectContaining({ requeueAfterMs: 100 }), undefined])
  setCounts(true)
  expect(await look()).toEqual({ done: true })
  expect(ready()?.status).toBe('True')
})
