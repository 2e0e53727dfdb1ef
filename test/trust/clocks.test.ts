import { Migration } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { COPY, FailureWorld } from './failures/world.ts'

const HOUR_MS = 3_600_000
/** Nothing waits for longer on another machine's clock. */
const MOST_MS = 2_000
const MIGRATIONS = `${Migration.resource.resource}.${Migration.resource.group}`

const conditionOf = (world: FailureWorld, wanted: string) =>
  world.thing()?.status?.conditions?.find(({ type }) => type === wanted)
const isSynced = (world: FailureWorld) => conditionOf(world, 'Synced')?.status === 'True'

/** What is done, and what is so then. */
const STEPS: [what: string, act: (world: FailureWorld) => void, isSo: (world: FailureWorld) => boolean][] = [
  [
    'an object is served',
    (world) => world.make({ secret: true }),
    (world) => world.thing()?.status?.status === 'Available',
  ],
  ['its Secret is there', () => undefined, (world) => world.secret() !== undefined],
  ['a change is synced', (world) => world.change({ value: 2 }), isSynced],
  [
    'a copy that its provider deletes is made anew',
    (world) => world.deleteCopy('alpha'),
    (world) => world.find('alpha', copy) !== undefined && world.thing()?.status?.status === 'Available',
  ],
  [
    'an object moves',
    (world) => world.change({ size: 'large' }),
    (world) => world.find('alpha', copy) === undefined && isSynced(world),
  ],
  ['the Migration is removed', () => undefined, (world) => world.records(MIGRATIONS).length === 0],
  ['an object that nobody takes is told so', (world) => world.change({ size: 'vast' }), (world) => !isSynced(world)],
  ['an object is deleted', (world) => world.remove(), (world) => world.thing() === undefined],
  [
    'an object of the same name is served',
    (world) => world.make(),
    (world) => world.thing()?.status?.status === 'Available',
  ],
  [
    'an object whose finalizer was taken off leaves nothing',
    (world) => world.wrest(),
    (world) => world.find('alpha', copy) === undefined,
  ],
]
const copy = { resource: 'things.example.test', namespace: 'default', name: COPY }

/** How long each step takes, in milliseconds of the world. */
async function durations(aheadMs: Record<string, number>): Promise<number[]> {
  const world = new FailureWorld({ aheadMs })
  try {
    await world.begin(undefined)
    const took: number[] = []
    for (const [, act, isSo] of STEPS) {
      const begun = world.elapsed
      act(world)
      await world.until(() => isSo(world))
      took.push(world.elapsed - begun)
      await world.pass(1_000)
    }
    return took
  } finally {
    world.end()
  }
}

test.for(
  ['acme', 'alpha', 'beta', 'platform', 'replica'].flatMap((who) => [
    { who, how: 'an hour ahead', ms: HOUR_MS },
    { who, how: 'an hour behind', ms: -HOUR_MS },
  ]),
)('nothing takes longer while the clock of $who is $how', async ({ who, ms }) => {
  const [usual, skewed] = [await durations({}), await durations({ [who]: ms })]
  const late = STEPS.flatMap(([what], i) => {
    const more = (skewed[i] ?? 0) - (usual[i] ?? 0)
    return more > MOST_MS ? [`${what}: ${more} ms later`] : []
  })
  expect(late).toEqual([])
})
