import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer, Change } from '../server/api-server.ts'
import type { Place, StoredObject } from '../server/objects.ts'
import { resources } from '../world/places.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { ask } from './ask.ts'

const FINALIZER = 'operator.test/cleanup'

export type OperatorOptions = {
  time: VirtualTime
  server: ApiServer
  random: SeededRandom
  isTroubled: () => boolean
  acts: (run: () => void) => void
}

/** What a provider runs: makes what is asked for, says so, hands out a Secret, and cleans up slowly. */
export class Operator {
  readonly #options: OperatorOptions
  readonly #hasFinalizer: boolean
  readonly #slowMs: number

  constructor(options: OperatorOptions) {
    this.#options = options
    this.#hasFinalizer = options.random.chance(0.4)
    this.#slowMs = options.random.pick([50, 800, 5_000])
    options.server.follow((change) => this.#heard(change))
  }

  #heard({ place, type }: Change): void {
    if (place.resource !== resources.things || type === 'DELETED') return
    const { time, random, acts } = this.#options
    time.after(1 + random.next() * this.#slowMs, () => acts(() => this.#look(place)))
  }

  #look(place: Place): void {
    const object = this.#options.server.find(place)
    if (object === undefined) return
    const { finalizers = [], deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined) this.#cleanUp(place, finalizers)
    else if (this.#hasFinalizer && !finalizers.includes(FINALIZER))
      this.#patch(place, { metadata: { finalizers: [...finalizers, FINALIZER] } })
    else this.#sayIfNews(place, object)
  }

  #sayIfNews(place: Place, object: StoredObject): void {
    const { metadata, status } = object
    const said = status as { observedGeneration?: number; status?: string } | undefined
    if (said?.observedGeneration === metadata.generation && said?.status === 'Available') return
    this.#say(place, object)
  }

  #cleanUp(place: Place, finalizers: string[]): void {
    if (!finalizers.includes(FINALIZER)) return
    this.#patch(place, { metadata: { finalizers: finalizers.filter((name) => name !== FINALIZER) } })
  }

  #say(place: Place, { metadata }: StoredObject): void {
    const { random, server, isTroubled, time, acts } = this.#options
    const word = isTroubled() && random.chance(0.15) ? random.pick(['Failed', 'Provisioning']) : 'Available'
    const secret = { resource: resources.secrets, namespace: place.namespace, name: `${place.name}-credentials` }
    if (server.find(secret) === undefined)
      ask(server, 'POST', secret, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secret.name, namespace: secret.namespace },
        data: { of: metadata.uid },
      })
    const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
    const relatedResources = { credentials: { namespace: secret.namespace, name: secret.name, gvk } }
    this.#patch(
      place,
      { status: { status: word, observedGeneration: metadata.generation, relatedResources } },
      'status',
    )
    if (word !== 'Available') time.after(200 + random.next() * 4_000, () => acts(() => this.#look(place)))
  }

  /** Says otherwise of its copy than it did, for a while: that it is not ready, or that it is. */
  waver(isOf: (copy: StoredObject) => boolean): void {
    const { random, server, time, acts } = this.#options
    for (const { object } of server.all(resources.things).filter((entry) => isOf(entry.object))) {
      const { name, namespace, generation, deletionTimestamp } = object.metadata
      const said = object['status'] as { status?: string } | undefined
      if (deletionTimestamp !== undefined || said === undefined) continue
      const place = { resource: resources.things, namespace, name }
      const word = said.status === 'Available' ? 'Failed' : 'Available'
      this.#patch(place, { status: { status: word, observedGeneration: generation } }, 'status')
      if (word === 'Failed') time.after(200 + random.next() * 4_000, () => acts(() => this.#look(place)))
    }
  }

  /** Changes a Secret that it gave out, or makes it anew. */
  rotate(): void {
    const { server, random } = this.#options
    const secrets = server.all(resources.secrets)
    if (secrets.length === 0) return
    const { metadata } = random.pick(secrets).object
    const place = { resource: resources.secrets, namespace: metadata.namespace, name: metadata.name }
    const data = { of: `rotation ${random.between(1, 1_000_000)}` }
    if (random.chance(0.5)) {
      this.#patch(place, { data })
      return
    }
    ask(server, 'DELETE', place, {})
    const again = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: metadata.name, namespace: metadata.namespace },
      data,
    }
    this.#options.time.after(random.next() * 1_500, () =>
      this.#options.acts(() => void ask(server, 'POST', place, again)),
    )
  }

  #patch(place: Place, body: object, subresource?: string): void {
    ask(this.#options.server, 'PATCH', place, body, subresource)
  }
}
