import type { Provider } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { type ProviderFacts, statusPatch } from './provider-status.ts'

type Status = NonNullable<Provider['status']>

const NOON = new Date('2026-01-01T12:00:00Z')
const LATER = new Date('2026-01-01T13:00:00Z')
const away: ProviderFacts = {
  presence: { state: 'away', since: NOON, reason: 'NotConnected', why: 'provider alpha is not connected' },
}
const watched: ProviderFacts = { watch: { isConnected: true } }

/** The status after each replica has said what it knows, one after the other. */
function after(...facts: ProviderFacts[]): Status {
  const status: Status = {}
  for (const fact of facts) Object.assign(status, statusPatch(status, fact, NOON))
  return status
}

test('each replica writes the fields that it knows, and nothing when they are there already', () => {
  const facts: ProviderFacts[] = [{ objects: 2 }, { offers: 1, ...watched }, { uid: 'u' }]
  const status = after(...facts)
  expect(status).toMatchObject({ objects: 2, offers: 1, clusterUID: 'u', conditions: [{ status: 'True' }] })
  for (const fact of facts) expect(statusPatch(status, fact, LATER)).toBeUndefined()
})

test('the uid that was recorded first stays', () => {
  expect(statusPatch({ clusterUID: 'u' }, { uid: 'other' }, NOON)).toBeUndefined()
})

test('since when a provider cannot be reached stays while the reasons change', () => {
  const refused = statusPatch(after(away), { watch: { isConnected: false, trouble: 'connection refused' } }, LATER)
  expect(refused?.conditions).toEqual([
    {
      ...{ type: 'Reachable', status: 'False', reason: 'Unreachable', message: 'connection refused' },
      lastTransitionTime: '2026-01-01T12:00:00Z',
    },
  ])
})

test.each<[string, ProviderFacts]>([
  ['whose watch has not begun', { presence: { state: 'connected' } }],
  ['that another replica watches', {}],
])('nothing is said of a provider %s', (_what, facts) => {
  expect(statusPatch(after(away), facts, LATER)).toBeUndefined()
})

test('the word of the platform is shown', () => {
  const [condition] = after({ presence: { state: 'lost' } }).conditions ?? []
  expect(condition).toMatchObject({ status: 'False', reason: 'Lost' })
})

const many = Array.from({ length: 12 }, (_, i) => `acme/default/o${10 + i}`)

test.each<{ what: string; facts: ProviderFacts; told: unknown }>([
  { what: 'that is empty', facts: { objects: 0 }, told: ['True', 'Empty', 'nothing is there any more'] },
  { what: 'that has one left', facts: { objects: 1 }, told: ['False', 'Moving', '1 object is there'] },
  {
    what: 'that keeps what nobody else takes',
    facts: { objects: 3, stuck: ['acme/default/a', 'acme/b'] },
    told: [
      'False',
      'NobodyElseAccepts',
      '3 objects are there, and nobody else takes 2 of them: acme/default/a, acme/b',
    ],
  },
  {
    what: 'that keeps many',
    facts: { objects: 12, stuck: many },
    told: [
      'False',
      'NobodyElseAccepts',
      `12 objects are there, and nobody else takes 12 of them: ${many.slice(0, 10).join(', ')} and 2 more`,
    ],
  },
  { what: 'whose objects another replica counts', facts: { stuck: ['acme/b'] }, told: undefined },
])('a drained provider $what', ({ facts, told }) => {
  const { conditions } = after(watched, { ...facts, isDrained: true })
  const drained = conditions?.find(({ type }) => type === 'Drained')
  expect(drained && [drained.status, drained.reason, drained.message]).toEqual(told)
  expect(conditions?.find(({ type }) => type === 'Reachable')?.status).toBe('True')
})

test('the word on a drain goes with the drain, and nothing else does', () => {
  const status = after(watched, { objects: 0, isDrained: true })
  expect(statusPatch(status, { objects: 0, isDrained: true, ...watched }, LATER)).toBeUndefined()
  const over = statusPatch(status, { objects: 0, isDrained: false }, LATER)
  expect(over?.conditions?.map(({ type }) => type)).toEqual(['Reachable'])
  expect(statusPatch({ ...status, ...over }, { isDrained: false }, LATER)).toBeUndefined()
})
