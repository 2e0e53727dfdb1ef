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

/** Somebody at the platform deletes an Assignment by hand; the object and what it has at a provider stay. */
export function deleteAssignment(platform: ApiServer, random: SeededRandom): void {
  const all = platform.all(resources.assignments)
  if (all.length === 0) return
  const { name } = random.pick(all).object.metadata
  ask(platform, 'DELETE', { resource: resources.assignments, name })
}

/** Somebody at a provider deletes a copy by hand, which is to be there again. */
export function deleteCopy(server: ApiServer, random: SeededRandom): void {
  const copies = server.all(resources.things)
  if (copies.length === 0) return
  const { name } = random.pick(copies).object.metadata
  ask(server, 'DELETE', { resource: resources.things, namespace: NAMESPACE, name }, {})
}
