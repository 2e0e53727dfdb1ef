import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useKcp, usePlanes, type World } from '../support/fault-world.ts'
import type { KcpLandscape } from '../support/kcp-landscape.ts'
import { ENGINE, type Landscape, ROOT } from '../support/landscape.ts'
import { useVersion } from '../support/other-version.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { followServers } from './chronicle.ts'
import { churn, type Lane } from './churn.ts'
import { converge } from './converge.ts'
import { busFaults, planeFaults, replicaFaults, shardFaults } from './faults.ts'
import { offerChanges } from './offers.ts'
import { populate } from './population.ts'
import { prepareStages } from './stages.ts'
import { Story } from './story.ts'
import { Tempo } from './tempo.ts'

const MINUTES = Number(process.env['BROKER_TEST_MINUTES'] ?? 1)
const SEED = Number(process.env['BROKER_TEST_SEED'] ?? randomInt(2 ** 31))
/** The commit that the second replica of each service is of, where it is another. */
const BESIDE = process.env['BROKER_TEST_BESIDE']
const OBJECTS = 100
const REPLICAS = 2
/** For what is still under way when the last fault is over, and for proving that all is well. */
const AFTERWARDS_MS = 2_400_000
/** Shorter than the offer of a provider is with the other one, so that workspaces for copies come and go. */
const KEEP_STAGING_S = '1'

const other = BESIDE === undefined ? { root: ROOT } : useVersion(BESIDE)
/** Without it all moves are plain. */
const STAGES = process.env['BROKER_TEST_STAGES'] === 'on'

async function prepare(landscape: Landscape): Promise<void> {
  if (ENGINE === 'kcp') landscape.flags.push('--keep-staging', KEEP_STAGING_S)
  if (STAGES) await prepareStages(landscape)
}

const replicas = { replicas: REPLICAS, rootOf: (replica: number) => (replica === 0 ? ROOT : other.root), prepare }
const world: World = ENGINE === 'kcp' ? useKcp(replicas) : usePlanes(replicas)

/** What goes wrong side by side: two replicas of one service can be away at once, and the bus meanwhile. */
function lanesOf(world: World): Lane[] {
  const clusters = ENGINE === 'kcp' ? shardFaults(world.landscape as KcpLandscape) : planeFaults(world)
  return [
    { faults: offerChanges(world), pauseMs: [1_000, 8_000] },
    { faults: replicaFaults(world, 0), pauseMs: [500, 6_000] },
    { faults: replicaFaults(world, 1), pauseMs: [500, 6_000] },
    { faults: [...busFaults(world), ...clusters], pauseMs: [1_000, 8_000] },
  ]
}

test('nothing is lost, doubled or left, and at no moment is an object without what it had, whatever happens in whatever order', {
  timeout: MINUTES * 60_000 + AFTERWARDS_MS,
  retry: 0,
}, async () => {
  const log = join(tmpdir(), `churn-${ENGINE}-${SEED}.log`)
  const story = new Story(log)
  const beside = BESIDE === undefined ? '' : ` --beside ${BESIDE}`
  console.log(`churn on ${ENGINE}: --seed ${SEED} --minutes ${MINUTES}${beside}; what happens is told in ${log}`)
  const tempo = new Tempo()
  const unfollow = followServers(world, story, tempo.settled)
  world.observer.listen(story.accuse)
  const members = populate(world, OBJECTS)
  const lanes = lanesOf(world)
  try {
    await churn({ world, members, lanes, random: new SeededRandom(SEED), story, tempo, lasts: MINUTES * 60_000 })
    story.tell(undefined, 'the last fault is over')
    await converge(world, story)
  } finally {
    unfollow()
  }
  world.observer.violations.splice(0)
  expect(story.violations.length, story.ofViolations()).toBe(0)
})
