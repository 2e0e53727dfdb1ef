import { Assignment } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { test } from 'vitest'
import { createThings } from '../support/burst.ts'
import { clear, expectRecovered, useKcp } from '../support/fault-world.ts'
import { bindBrokered, WORKSPACES } from '../support/kcp-landscape.ts'
import type { Site } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import { gone, served } from '../support/things.ts'

const BINDING = {
  ...{ group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' },
  name: `${THING.resource}.${THING.group}`,
}
/** Objects of a consumer that leaves. */
const COUNT = 50

const world = useKcp({
  furtherConsumers: ['leaver', 'quitter'],
  placement: { leaver: 'shard-1', quitter: 'root' },
})
const consumerOf = (name: string) => world.landscape.consumers[name] as typeof world.consumer

/** Waits until nothing stands for a consumer's objects any more. */
async function untilForgotten(consumer: Site): Promise<void> {
  await waitFor(`nothing is left of ${consumer.name}`, async () => {
    const { items } = await world.landscape.platform.kube.list<Assignment>({ ...Assignment.resource })
    if (items.some(({ spec }) => spec.consumerCluster === consumer.cluster)) return false
    const lists = [world.alpha, world.beta].map(({ copiesOf }) => copiesOf?.(consumer).kube.list(THING))
    return (await Promise.all(lists)).every((list) => list?.items.length === 0)
  })
}

test('what a consumer had goes when it unbinds, and it is served again when it binds again', async () => {
  const neighbour = consumerOf('neighbour')
  await createThings({ consumers: [world.consumer, neighbour] }, 'bound', COUNT)
  await expectRecovered(world)
  await neighbour.kube.delete(BINDING)
  await gone(neighbour, BINDING)
  await untilForgotten(neighbour)
  await served(world.consumer, 'bound-new-0', world.alpha)
  await bindBrokered(world.landscape, neighbour)
  await createThings({ consumers: [neighbour] }, 'again', COUNT)
  await expectRecovered(world)
  await clear(world)
})

test('a workspace that is deleted with 50 placed objects goes, and nothing of it is left', async () => {
  const leaver = consumerOf('leaver')
  await createThings({ consumers: [leaver] }, leaver.name, COUNT)
  await expectRecovered(world)
  await parent().kube.delete(workspaceOf(leaver))
  await gone(parent(), workspaceOf(leaver))
  await untilForgotten(leaver)
  await expectRecovered(world)
})

test('so it is when the watcher and the syncer run again only after the deletion began', async () => {
  const quitter = consumerOf('quitter')
  const services = [world.service('workspace-watcher'), world.service('provider-syncer')]
  await createThings({ consumers: [quitter] }, quitter.name, COUNT)
  await expectRecovered(world)
  await Promise.all(services.map((service) => service.kill('SIGKILL')))
  await parent().kube.delete(workspaceOf(quitter))
  await Promise.all(services.map((service) => service.start()))
  await gone(parent(), workspaceOf(quitter))
  await untilForgotten(quitter)
  await expectRecovered(world)
})

const parent = () => ({ name: 'the parent', kube: world.landscape.base.below('/clusters/root:consumers') })
const workspaceOf = ({ name }: Site) => ({ ...WORKSPACES, name })
