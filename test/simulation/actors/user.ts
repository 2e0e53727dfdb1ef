import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { NAMESPACE, resources } from '../world/places.ts'
import { ask } from './ask.ts'

const placeOf = (name: string) => ({ resource: resources.things, namespace: NAMESPACE, name })
const SIZES = [1, 3, 5, 7, 9]

/** Does something with the object of that name: makes it, changes it, deletes it, whatever state it is in. */
export function actOnThing(server: ApiServer, name: string, random: SeededRandom): void {
  const isThere = server.find(placeOf(name)) !== undefined
  if (isThere && random.chance(0.3)) ask(server, 'DELETE', placeOf(name), {})
  else putThing(server, name, random)
}

/** Makes the object, or gives it another size. */
export function putThing(server: ApiServer, name: string, random: SeededRandom): void {
  const place = placeOf(name)
  const size = random.pick(SIZES)
  if (server.find(place) !== undefined) return void ask(server, 'PATCH', place, { spec: { size } })
  ask(server, 'POST', place, {
    apiVersion: 'example.test/v1',
    kind: 'Thing',
    metadata: { name, namespace: NAMESPACE },
    spec: { size },
  })
}

/** Deletes the object, and makes another of its name when it is gone; `later` does something of the user's a moment later. */
export function remakeThing(
  server: ApiServer,
  name: string,
  random: SeededRandom,
  later: (run: () => void) => void,
): void {
  const place = placeOf(name)
  if (server.find(place) === undefined) {
    putThing(server, name, random)
    return
  }
  const unfollow = server.follow(({ type, place: { resource, name: gone } }) => {
    if (type !== 'DELETED' || resource !== resources.things || gone !== name) return
    unfollow()
    later(() => putThing(server, name, random))
  })
  ask(server, 'DELETE', place, {})
}
