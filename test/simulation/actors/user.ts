import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { NAMESPACE, resources } from '../world/places.ts'
import { ask } from './ask.ts'

const placeOf = (name: string) => ({ resource: resources.things, namespace: NAMESPACE, name })
const SIZES = [1, 3, 5, 7, 9]

/** Does something with the object of that name: makes it, changes it, deletes it, whatever state it is in. */
export function actOnThing(server: ApiServer, name: string, random: SeededRandom): void {
  const place = placeOf(name)
  const object = server.find(place)
  const size = random.pick(SIZES)
  if (object === undefined)
    ask(server, 'POST', place, {
      apiVersion: 'example.test/v1',
      kind: 'Thing',
      metadata: { name, namespace: NAMESPACE },
      spec: { size },
    })
  else if (random.chance(0.3)) ask(server, 'DELETE', place, {})
  else ask(server, 'PATCH', place, { spec: { size } })
}
