import { expect, test } from 'vitest'
import type { Asked } from './failures/asked.ts'
import { FailureWorld } from './failures/world.ts'

const isOfThings = ({ at, method, resource }: Asked): boolean =>
  at === 'provider' && (method === 'DISCOVER' || resource === 'things')

test('an offer of a kind whose CRD its provider deletes is not Ready any more, and is again once the CRD is there', async ({
  onTestFinished,
}) => {
  const world = new FailureWorld()
  onTestFinished(() => world.end())
  await world.begin(undefined)
  world.inject((asked) => (isOfThings(asked) ? { status: 404, reason: 'NotFound', message: 'not found' } : undefined))
  world.cut('alpha') // as a server does that serves it no more
  await world.until(() => !world.isReady('alpha', 'small'))
  expect(world.offered('alpha', 'small')?.['status']).toMatchObject({
    conditions: [
      {
        ...{ type: 'Ready', status: 'False', reason: 'KindNotServed' },
        message: 'alpha does not serve things.v1.example.test itself; the last valid version stays in force',
      },
    ],
  })
  expect(world.elapsed).toBeLessThan(5_000) // in time of the world
  world.make()
  await world.until(() => world.thing()?.status?.conditions?.some(({ reason }) => reason === 'CopyRefused') ?? false)
  world.inject(() => undefined)
  await world.until(() => world.isReady('alpha', 'small'))
  await world.until(() => world.thing()?.status?.status === 'Available')
})
