import { PlacementPolicy, Provider, timestamp } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { KubeClient } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { platformOf, policy } from '../fixtures.ts'
import { Failovers } from './failovers.ts'

const BEGIN = Date.parse('2026-11-30T06:00:00Z')
const at = (seconds: number) => new Date(BEGIN + seconds * 1_000)

function provider(name: string, awayFrom?: number): KubeObject {
  const [status, since] = awayFrom === undefined ? ['True', at(0)] : ['False', at(awayFrom)]
  const reachable = { type: 'Reachable', status, reason: 'Any', message: '', lastTransitionTime: timestamp(since) }
  return {
    ...{ apiVersion: Provider.apiVersion, kind: Provider.kind },
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1' },
    spec: { providerCluster: name },
    status: { conditions: [reachable] },
  }
}

/** A platform with a policy and providers, and what it is asked; alpha is away from the beginning on. */
function platform(
  failover: object | undefined,
  providers = [provider('alpha', 0), provider('beta'), provider('gamma')],
) {
  const { held, client } = platformOf(policy({ selector: {}, ...(failover && { failover }) }), ...providers)
  const requests: string[] = []
  let now = at(0)
  const counted = Object.fromEntries(
    (['get', 'list', 'mergePatch'] as const).map((method) => [
      method,
      (...args: [never, never]) => {
        requests.push(method)
        return (client as KubeClient)[method](...args)
      },
    ]),
  )
  const coordination = { ...client, ...counted, now: () => now } as unknown as KubeClient
  const setNow = (seconds: number) => {
    now = at(seconds)
  }
  const failedOver = () => (held.get('some') as unknown as PlacementPolicy).status?.failedOver
  return { held, coordination, requests, setNow, failedOver }
}

const MINUTE = { after: '1m', maxPerMinute: 3 }

test('objects that ask at once are answered by one round: as many as may in a minute leave, the others hear when to ask again', async () => {
  const { coordination, requests, setNow, failedOver } = platform(MINUTE)
  setNow(60)
  const failovers = new Failovers(coordination)
  const answers = await Promise.all(Array.from({ length: 6 }, () => failovers.ask('some', 'alpha')))
  expect(answers.map(({ is }) => is).sort()).toEqual(['due', 'due', 'due', 'held', 'held', 'held'])
  expect(answers.find(({ is }) => is === 'held')).toEqual({
    ...{ is: 'held', since: timestamp(at(0)), againMs: 62_000 },
    why: 'PlacementPolicy some lets 3 objects fail over in a minute',
  })
  expect(failedOver()).toEqual([60, 60, 60].map((seconds) => timestamp(at(seconds))))
  expect(requests.filter((request) => request === 'mergePatch').length).toBeLessThanOrEqual(2)
})

test('replicas that ask at once let no more objects fail over in a minute than one would, and the next minute is another', async () => {
  const { coordination, setNow } = platform(MINUTE)
  const replicas = Array.from({ length: 5 }, () => new Failovers(coordination))
  for (const seconds of [60, 122]) {
    setNow(seconds)
    const answers = await Promise.all(
      replicas.flatMap((failovers) => [failovers.ask('some', 'alpha'), failovers.ask('some', 'alpha')]),
    )
    expect(answers.filter(({ is }) => is === 'due')).toHaveLength(3)
  }
})

test.each([
  { what: 'is back', providers: [provider('alpha'), provider('beta')], is: 'present' },
  { what: 'was back in between', providers: [provider('alpha', 30), provider('beta')], is: 'waits' },
  { what: 'is away with all others', providers: [provider('alpha', 0), provider('beta', 59)], is: 'held' },
])(
  'a replica that has not heard that the provider $what hears it when it asks, and nothing is written',
  async ({ providers, is }) => {
    const { coordination, requests, setNow } = platform(MINUTE, providers)
    setNow(60)
    expect(await new Failovers(coordination).ask('some', 'alpha')).toMatchObject({ is })
    expect(requests).toEqual(['get', 'list'])
  },
)

test.each([
  { what: 'asks for no failover any more', name: 'some', failover: undefined },
  { what: 'is gone', name: 'another', failover: MINUTE },
])('a policy that $what lets nothing fail over', async ({ name, failover }) => {
  const { coordination, setNow } = platform(failover)
  setNow(600)
  expect(await new Failovers(coordination).ask(name, 'alpha')).toEqual({ is: 'present' })
})

test('a refusal though nobody wrote in between is passed on', async () => {
  const { coordination, setNow } = platform(MINUTE)
  setNow(60)
  const conflict = platformOf(policy({ selector: {} }))
  const refusing = {
    ...coordination,
    mergePatch: () =>
      conflict.client.mergePatch({ ...PlacementPolicy.resource, name: 'some' }, { metadata: { resourceVersion: '0' } }),
  } as unknown as KubeClient
  await expect(new Failovers(refusing).ask('some', 'alpha')).rejects.toMatchObject({ status: 409 })
})
