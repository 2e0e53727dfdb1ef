import { Assignment, assignmentName } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { NAMESPACE, resources } from '../world/places.ts'
import { ask } from './ask.ts'

/** Somebody makes Assignments by hand, of which the broker can make nothing. */
export function makeBadRecords(platform: ApiServer): void {
  const { apiVersion, kind } = Assignment
  for (const digit of '0123') {
    const place = { resource: resources.assignments, name: assignmentName(digit.repeat(32)) }
    ask(platform, 'POST', place, { apiVersion, kind, metadata: { name: place.name }, spec: { name: 'nothing' } })
  }
}

/** Somebody at the platform deletes records of one of these kinds by hand, one or all; objects and what they have at providers stay. */
export function deleteRecords(platform: ApiServer, random: SeededRandom, kinds: readonly string[]): void {
  const resource = random.pick(kinds)
  const all = platform.all(resource)
  if (all.length === 0) return
  const gone = random.chance(0.2) ? all : [random.pick(all)]
  for (const { object } of gone) ask(platform, 'DELETE', { resource, name: object.metadata.name })
}

/** Somebody at a provider deletes a copy by hand, which is to be there again. */
export function deleteCopy(server: ApiServer, random: SeededRandom): void {
  const copies = server.all(resources.things)
  if (copies.length === 0) return
  const { name } = random.pick(copies).object.metadata
  ask(server, 'DELETE', { resource: resources.things, namespace: NAMESPACE, name }, {})
}
