import type { World } from '../support/fault-world.ts'
import { outage } from '../support/outages.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { Deed } from './deed.ts'
import type { Fault } from './faults.ts'
import { OPERATIONS } from './operations.ts'
import type { Member } from './population.ts'
import type { Story } from './story.ts'
import type { Tempo } from './tempo.ts'

/** What goes wrong at one place, one thing after another, with a pause of `pauseMs` between them. */
export type Lane = { faults: Fault[]; pauseMs: [min: number, max: number] }

export type Churn = {
  world: World
  members: Member[]
  lanes: Lane[]
  random: SeededRandom
  story: Story
  tempo: Tempo
  /** Milliseconds; what was begun by then is finished. */
  lasts: number
}

/** Between two operations, on whichever objects. */
const PAUSE_MS: [number, number] = [20, 300]
/** So many objects settle between two faults at one place. */
const SETTLED = 5
/** Owners of so many objects may wait at once; the next one does something when another is done. */
const MOST_BUSY = 40

/** Random operations, and beside them what goes wrong. Resolves when all is done and mended. */
export async function churn(options: Churn): Promise<void> {
  const { lanes, random, members, lasts } = options
  const end = performance.now() + lasts
  // Each draws from a sequence of its own: how long one takes changes nothing for the others.
  const faults = lanes.map((lane) => strike(lane, random.fork(), end, options))
  await Promise.all([operate(options, random.fork(), end), ...faults])
  await Promise.all(members.map(({ busy }) => busy))
}

async function strike({ faults, pauseMs }: Lane, random: SeededRandom, end: number, of: Churn): Promise<void> {
  const { story, tempo } = of
  for (;;) {
    await Promise.all([outage(random.between(...pauseMs)), tempo.untilSettled(SETTLED, end)])
    if (performance.now() > end) return
    await perform(random.weighted(faults).plan(random), undefined, story)
  }
}

async function operate({ members, world, story }: Churn, random: SeededRandom, end: number): Promise<void> {
  const busy = new Set<Promise<void>>()
  while (performance.now() < end) {
    if (busy.size >= MOST_BUSY) await Promise.race(busy)
    const member = random.pick(members)
    const deed = random.weighted(OPERATIONS.filter(({ fits }) => fits(member))).plan(member, random, world)
    const done = member.busy.then(() => perform(deed, member.name, story))
    member.busy = done
    busy.add(done)
    void done.then(() => busy.delete(done))
    await outage(random.between(...PAUSE_MS))
  }
}

/** What cannot be done in the end is a violation as well: nothing that is done here may be refused for good. */
async function perform({ does, act }: Deed, about: string | undefined, story: Story): Promise<void> {
  story.tell(about, `> ${does}`)
  try {
    const seen = await act()
    story.tell(about, `< ${does.split(' ', 3).join(' ')} ... done${seen === undefined ? '' : `: ${seen}`}`)
  } catch (error) {
    story.accuse(`${about ?? 'the world'}: could not ${does}: ${(error as Error).stack}`)
  }
}
