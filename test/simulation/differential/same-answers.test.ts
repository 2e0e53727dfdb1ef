import { expect, test } from 'vitest'
import { SeededRandom } from '../../support/seeded-random.ts'
import { BothServers } from './both-servers.ts'
import { type Kind, Requests } from './requests.ts'

/** Of one seed. */
const STEPS = 120
const SEEDS = 20

const KINDS: Kind[] = [
  {
    apiVersion: 'example.test/v1',
    kind: 'Thing',
    collection: '/apis/example.test/v1/namespaces/default/things',
    hasStatus: true,
  },
  {
    apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
    kind: 'Assignment',
    collection: '/apis/coord.broker.platform-mesh.io/v1alpha1/assignments',
    hasStatus: false,
  },
]

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'the model of an API server answers as the sandbox does: seed %d',
  async (seed) => {
    const servers = await BothServers.start(KINDS)
    const requests = new Requests(new SeededRandom(seed), KINDS)
    const before: object[] = []
    for (const { collection } of KINDS) {
      await servers.watch(collection, '')
      await servers.watch(collection, '&labelSelector=team%3Dred')
    }
    for (let step = 0; step < STEPS; step++) {
      const request = requests.next()
      const [model, sandbox] = await servers.say(request)
      expect({ request, before, ...model }).toEqual({ request, before, ...sandbox })
      before.push(request)
    }
    for (const { path, model, sandbox } of await servers.told())
      expect({ path, told: model }).toEqual({ path, told: sandbox })
    servers.stop()
  },
)
