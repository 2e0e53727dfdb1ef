import { annotations, copyName, fieldManager } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { CONSUMER, isOfNeighbour, NAMESPACE, NEIGHBOUR, resources } from '../world/places.ts'
import { applyAs, ask } from './ask.ts'

/**
 * Another broker that has the same providers. It has a field manager of the same name, and a consumer that may have the name of this
 * one's, so that their copies meet.
 */
export class Neighbour {
  readonly #servers: readonly ApiServer[]
  readonly #random: SeededRandom
  readonly #names: readonly string[]

  constructor(servers: readonly ApiServer[], names: readonly string[], random: SeededRandom) {
    this.#servers = servers
    this.#names = names
    this.#random = random
  }

  /** Makes, changes or deletes one of its copies. */
  act(): void {
    const random = this.#random
    const server = random.pick(this.#servers)
    const name = random.pick(this.#names)
    const consumer = random.pick([CONSUMER, 'elsewhere'])
    const place = { resource: resources.things, namespace: NAMESPACE, name: copyName(consumer, name) }
    const there = server.find(place)
    if (there !== undefined && !isOfNeighbour(there)) return
    if (there !== undefined && random.chance(0.4)) ask(server, 'DELETE', place, {})
    else
      applyAs(server, fieldManager, place, {
        apiVersion: 'example.test/v1',
        kind: 'Thing',
        metadata: {
          name: place.name,
          namespace: NAMESPACE,
          annotations: {
            [annotations.brokerID]: NEIGHBOUR,
            [annotations.assignmentUID]: `${NEIGHBOUR}-${name}`,
            [annotations.consumerCluster]: consumer,
            [annotations.consumerNamespace]: NAMESPACE,
            [annotations.consumerName]: name,
            [annotations.consumerUID]: `${NEIGHBOUR}-${name}`,
            [annotations.providerCluster]: server.name,
          },
        },
        spec: { size: random.between(1, 9) },
      })
  }

  /** Deletes all that it made. */
  leave(): void {
    for (const server of this.#servers)
      for (const { object } of server.all(resources.things))
        if (isOfNeighbour(object))
          ask(server, 'DELETE', { resource: resources.things, namespace: NAMESPACE, name: object.metadata.name }, {})
  }
}
