import { Assignment, Migration } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { COPY, FailureWorld } from './failures/world.ts'

const HOUR_MS = 3_600_000
/** Nothing waits for longer on another machine's clock. */
const MOST_MS = 2_000
const ASSIGNMENTS = `${Assignment.resource.resource}.${Assignment.resource.group}`
const MIGRATIONS = `${Migration.resource.resource}.${Migration.resource.group}`

const conditionOf = (world: FailureWorld, wanted: string) =>
  world.thing()?.status?.conditions?.find(({ type }) => type === wanted)
const isSynced = (world: FailureWorld) => conditionOf(world, 'Synced')?.status === 'True'

type Step = {
  what: string
  act: (world: FailureWorld) => void
  isSo: (world: FailureWorld) => boolean
  /** It needs a second provider, or a copy whose name is known beforehand: a kcp of these worlds has neither. */
  onClusters?: true
}

/** What is done, and what is so then. */
const STEPS: Step[] = [
  {
    what: 'an object is served',
    act: (world) => world.make({ secret: true }),
    isSo: (world) => world.thing()?.status?.status === 'Available',
  },
  { what: 'its Secret is there', act: () => undefined, isSo: (world) => world.secret() !== undefined },
  { what: 'a change is synced', act: (world) => world.change({ value: 2 }), isSo: isSynced },
  {
    what: 'a copy that its provider deletes is made anew',
    act: (world) => world.deleteCopy('alpha'),
    isSo: (world) => world.find('alpha', copy) !== undefined && world.thing()?.status?.status === 'Available',
    onClusters: true,
  },
  {
    what: 'an object moves',
    act: (world) => world.change({ size: 'large' }),
    isSo: (world) => world.find('alpha', copy) === undefined && isSynced(world),
    onClusters: true,
  },
  {
    what: 'the Migration is removed',
    act: () => undefined,
    isSo: (world) => world.records(MIGRATIONS).length === 0,
    onClusters: true,
  },
  {
    what: 'an object that nobody takes is told so',
    act: (world) => world.change({ size: 'vast' }),
    isSo: (world) => conditionOf(world, 'Placed')?.reason !== 'Placed',
  },
  {
    what: 'an object is deleted',
    act: (world) => world.remove(),
    isSo: (world) => world.thing() === undefined,
  },
  {
    what: 'an object of the same name is served',
    act: (world) => world.make(),
    isSo: (world) => world.thing()?.status?.status === 'Available',
  },
  {
    what: 'an object whose finalizer was taken off leaves nothing',
    act: (world) => world.wrest(),
    isSo: (world) => world.records(ASSIGNMENTS).length === 0,
  },
]
const copy = { resource: 'things.example.test', namespace: 'default', name: COPY }
const stepsIn = (inKcp: boolean) => STEPS.filter(({ onClusters }) => !(inKcp && onClusters))

/** How long each step takes, in milliseconds of the world. */
async function durations(inKcp: boolean, aheadMs: Record<string, number>): Promise<number[]> {
  const world = new FailureWorld({ aheadMs, inKcp })
  try {
    await world.begin(undefined)
    const took: number[] = []
    for (const { act, isSo } of stepsIn(inKcp)) {
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

const SKEWS = [
  { how: 'an hour ahead', ms: HOUR_MS },
  { how: 'an hour behind', ms: -HOUR_MS },
]
const ON_CLUSTERS = ['acme', 'alpha', 'beta', 'platform', 'replica'].map((who) => ({ who, where: 'on clusters' }))
const IN_KCP = ['kcp', 'replica'].map((who) => ({ who, where: 'in a kcp' }))

test.for([...ON_CLUSTERS, ...IN_KCP].flatMap((machine) => SKEWS.map((skew) => ({ ...machine, ...skew }))))(
  '$where nothing takes longer while the clock of $who is $how',
  async ({ who, where, ms }) => {
    const inKcp = where === 'in a kcp'
    const [usual, skewed] = [await durations(inKcp, {}), await durations(inKcp, { [who]: ms })]
    const late = stepsIn(inKcp).flatMap(({ what }, i) => {
      const more = (skewed[i] ?? 0) - (usual[i] ?? 0)
      return more > MOST_MS ? [`${what}: ${more} ms later`] : []
    })
    expect(late).toEqual([])
  },
)
