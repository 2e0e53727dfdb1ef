import { SeededRandom } from '../support/seeded-random.ts'
import { unsettled } from './checks/convergence.ts'
import { leftOfStages } from './checks/stages.ts'
import { COMPUTE } from './world/places.ts'
import type { Story } from './world/story.ts'
import { takeClocks } from './world/take-clocks.ts'
import { Violation } from './world/violation.ts'
import { World } from './world/world.ts'

/** After the last fault everything is as it should be by then: longer than what is tried again waits, several times. */
const SETTLE_MS = 180_000
/** Then nothing is written any more for so long: longer than whatever is tried again waits. */
const CALM_MS = 40_000
/** How often it is looked whether that is so already. */
const LOOK_MS = 5_000

export type Verdict = { seed: number; steps: number; violations: Violation[]; story: Story }

/** Lives one world to its end, or to the first violation. */
export async function runSeed(seed: number): Promise<Verdict> {
  const world = new World(seed)
  const giveBack = takeClocks(world.time, new SeededRandom(seed ^ 0x5f5f5f5f))
  try {
    world.start()
    const { troubleMs } = world.weather
    const end = troubleMs + SETTLE_MS
    let look = troubleMs + CALM_MS
    while (world.violations.length === 0 && (await world.time.step(end))) {
      if (world.time.elapsed < look) continue
      look = world.time.elapsed + LOOK_MS
      if (atTheEnd(world, world.time.elapsed).length === 0) break
    }
    const found = world.violations.length > 0 ? world.violations : atTheEnd(world, world.time.elapsed)
    return { seed, steps: world.time.steps, violations: found, story: world.story }
  } finally {
    giveBack()
  }
}

function atTheEnd(world: World, end: number): Violation[] {
  const { servers, away } = world
  const around = { servers, away, capacityOf: (provider: string) => world.capacityOf(provider) }
  const compute = servers.get(COMPUTE)
  const found = [...unsettled(around), ...(compute === undefined ? [] : leftOfStages(compute))]
  if (world.lastWrite > end - CALM_MS)
    found.push(
      new Violation(
        'restless',
        `something was written ${((end - world.lastWrite) / 1000).toFixed(1)} s before the end`,
      ),
    )
  return found
}
