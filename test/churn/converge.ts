import { StagingWorkspace } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { findViolations, untilConsistent, untilEmpty, writtenWithin } from '../support/checker.ts'
import type { World } from '../support/fault-world.ts'
import { ENGINE, type Landscape } from '../support/landscape.ts'
import { untilNothingStaged } from './stages.ts'
import type { Story } from './story.ts'
import { untilNothingLeft } from './until-nothing-left.ts'

/** What has not come to where it belongs so long after the last fault never will, on however busy a machine. */
const CONVERGED_MS = 600_000
/** Longer than whatever is looked at again from time to time takes. */
const QUIET_MS = 15_000

/** Proves, and tells the story where not, that all gets as it must be and then stays so, and that nothing is left when all was deleted. */
export async function converge(world: World, story: Story): Promise<void> {
  const { landscape, services } = world
  for (const { running, spec } of [...services.values()].flat())
    if (!running) story.accuse(`the world: ${spec.name} does not run in the end`)
  await accuseOf(story, untilConsistent(landscape, CONVERGED_MS), () => findViolations(landscape))
  story.tell(undefined, 'all is as it must be, or should')
  for (const name of await writtenWithin(landscape, QUIET_MS)) story.accuse(`${name} is written while all is quiet`)
  for (const { client } of Object.values(landscape.consumers))
    await client.send('DELETE', '/apis/test.platform-mesh.io/v1/namespaces/default/things')
  story.tell(undefined, 'all objects are deleted')
  await accuseOf(story, untilEmpty(landscape, CONVERGED_MS), async () => [])
  await accuseOf(story, untilNothingStaged(landscape, CONVERGED_MS), async () => [])
  if (ENGINE === 'kcp') await accuseOf(story, untilNoPlaces(landscape, CONVERGED_MS), async () => [])
}

/** Waits until no workspace for copies is left in a kcp, nor the record of one. @throws with what is left */
async function untilNoPlaces({ platform, copyPlaces }: Landscape, timeoutMs: number): Promise<void> {
  const look = async () => {
    const [places, records] = await Promise.all([
      copyPlaces(),
      platform.kube.list<KubeObject>(StagingWorkspace.resource),
    ])
    return [
      ...places.map(({ name }) => `the workspace of copies ${name} is left`),
      ...records.items.map(({ metadata }) => `StagingWorkspace ${metadata.name} is left`),
    ]
  }
  await untilNothingLeft('workspaces for copies', look, timeoutMs)
}

/** Where `proof` fails, says `more` in detail what is wrong; by itself its message names a few. */
async function accuseOf(story: Story, proof: Promise<void>, more: () => Promise<string[]>): Promise<void> {
  try {
    await proof
  } catch (error) {
    const details = await more()
    for (const detail of details.length > 0 ? details : (error as Error).message.split('\n')) story.accuse(detail)
  }
}
