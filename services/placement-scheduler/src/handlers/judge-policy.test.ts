import { compilePolicy, conditionTypes, getCondition, type PlacementPolicy, PolicyIndex } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { NO_QUOTAS, platformOf, policy, viewOf } from '../fixtures.ts'
import { look as lookAt } from './look.ts'
import { isAffected } from './reconsider.ts'

const term = { matchLabels: { region: 'eu' } }

type Labelled = Record<string, Record<string, string> | undefined>

/** A platform that has a policy and providers with labels, of which gamma is gone, and a scheduler that looks at what it was told of the policy. */
function platform(object: KubeObject, labels: Labelled = { alpha: { region: 'eu' } }) {
  const { held, put, client } = platformOf(object)
  const view = viewOf({ policy: { name: 'some', object } })
  let counts = true
  const index = new PolicyIndex()
  const { policy: known } = compilePolicy(object)
  if (known !== undefined) index.set(known)
  const providers = {
    get all() {
      return Object.keys(labels)
    },
    isGone: (name: string) => name === 'gamma',
  }
  const context = {
    clusters: { coordination: client, providers, consumers: {} },
    ...{ policies: { counts: () => counts, index }, standings: { labels: (name: string) => labels[name] } },
    capacity: { isUnsettled: () => false },
    quotas: NO_QUOTAS,
    ...{ logger: { info: () => undefined }, now: () => new Date(0) },
  }
  const setCounts = (its: boolean) => {
    counts = its
  }
  const look = () =>
    lookAt(context as unknown as SchedulerContext, { key: 'k', view } as unknown as Parameters<typeof lookAt>[1])
  const conditionOf = (type: string) =>
    getCondition((held.get('some') as unknown as PlacementPolicy).status?.conditions, type)
  const ready = () => conditionOf(conditionTypes.ready)
  const satisfiable = () => conditionOf(conditionTypes.satisfiable)
  const isNews = () => isAffected(context as unknown as SchedulerContext, 'k', view)
  const version = () => held.get('some')?.metadata.resourceVersion
  return { held, put, look, ready, satisfiable, isNews, setCounts, version }
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

test.each([
  { what: 'one provider has what it requires', spec: { require: [term] }, status: 'True', reason: 'ProviderMatches' },
  {
    what: 'no provider has what it requires',
    spec: { require: [{ matchLabels: { region: 'us', tier: 'gold' } }, { matchLabels: { region: 'ap' } }] },
    status: 'False',
    reason: 'NoProviderMatches',
    message:
      'what the policy selects goes nowhere new: no Provider has label region=us and label tier=gold, or label region=ap',
  },
  {
    what: 'only one that is gone has what it requires',
    spec: { require: [{ matchLabels: { region: 'uk' } }] },
    status: 'False',
    reason: 'NoProviderMatches',
  },
  {
    what: 'it requires nothing',
    spec: { prefer: [{ weight: 1, ...term }] },
    status: 'True',
    reason: 'NothingRequired',
  },
  { what: 'it cannot be read', spec: { priority: 'high' }, status: 'Unknown', reason: 'Invalid' },
])('a policy reads whether it can be satisfied: $what', async ({ what: _, spec, ...expected }) => {
  const { look, satisfiable, version } = platform(policy({ selector: {}, ...spec }, { generation: 2 }), {
    alpha: { region: 'eu' },
    beta: undefined,
    gamma: { region: 'uk' },
  })
  await look()
  expect(satisfiable()).toMatchObject({ observedGeneration: 2, ...expected })
  expect(version()).toBe('101') // Ready and this one are one write
})

test('it is looked at again when the last provider that has what it requires has it no more, and when one has it again', async () => {
  const labels: Labelled = { alpha: { region: 'eu' }, beta: { region: 'eu' } }
  const { look, satisfiable, isNews } = platform(policy({ selector: {}, require: [term] }), labels)
  await look()
  const seen = [isNews()]
  delete labels['beta']
  seen.push(isNews())
  labels['alpha'] = { region: 'us' }
  seen.push(isNews())
  await look()
  seen.push(isNews())
  expect(satisfiable()?.status).toBe('False')
  labels['alpha'] = { region: 'eu' }
  seen.push(isNews())
  await look()
  expect([seen, satisfiable()?.status]).toEqual([[false, false, true, false, true], 'True'])
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
