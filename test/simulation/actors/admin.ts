import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { NAMESPACE, resources } from '../world/places.ts'
import { ask } from './ask.ts'

/** Somebody at a provider deletes a copy by hand, which is to be there again. */
export function deleteCopy(server: ApiServer, random: SeededRandom): void {
  const copies = server.all(resources.things)
  if (copies.length === 0) return
  const { name } = random.pick(copies).object.metadata
  ask(server, 'DELETE', { resource: resources.things, namespace: NAMESPACE, name }, {})
}
