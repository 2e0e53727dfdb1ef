import { type Migration, type MoveCause, Provider } from '@resource-broker/api'
import type { ApiServer, Change } from '../server/api-server.ts'
import { resources, runningMovesIn, type Servers } from '../world/places.ts'
import { Violation } from '../world/violation.ts'

type Options = {
  servers: Servers
  /** How many objects a change of an offer may have move before somebody agrees. */
  most: number
  violated: (violation: Violation) => void
}

/** Watches that no change of an offer has more objects move than may before somebody agreed. */
export class UnapprovedMoves {
  readonly #options: Options
  /** Generations that somebody agreed with, by offer. */
  readonly #agreed = new Map<string, Set<number>>()
  /** Of moves that began without that, by offer and by uid, the generation that has them move. */
  readonly #begun = new Map<string, Map<string, number>>()

  constructor(options: Options) {
    this.#options = options
  }

  check({ name }: ApiServer, { type, place: { resource, name: offer }, entry: { object } }: Change): void {
    // An offer that is made anew begins its generations anew.
    if (resource === resources.offers && type === 'ADDED') this.#begun.delete(`${name}/${offer}`)
    if (resource === resources.providers && type !== 'DELETED') this.#hear(Provider.of(object))
    if (resource === resources.assignments || resource === resources.migrations) this.#checkMoves()
  }

  #hear({ spec: { providerCluster, approvedMoves = {} } }: Provider): void {
    for (const [name, generation] of Object.entries(approvedMoves)) {
      const offer = `${providerCluster}/${name}`
      this.#agreed.set(offer, (this.#agreed.get(offer) ?? new Set()).add(generation))
    }
  }

  #checkMoves(): void {
    const { servers, most, violated } = this.#options
    for (const { metadata, spec } of runningMovesIn(servers)) {
      if (spec.cause === undefined || hasWord({ spec }) || this.#isAgreed(spec.cause)) continue
      const { providerCluster, acceptAPIName, generation } = spec.cause
      const offer = `${providerCluster}/${acceptAPIName}`
      const count = this.#begin(offer, metadata.uid ?? '', generation)
      if (count > most)
        violated(
          new Violation('unapproved', `${count} moves have begun by generation ${generation} of ${offer}, ${most} may`),
        )
    }
  }

  /** How many moves have begun by a generation, with this one. */
  #begin(offer: string, uid: string, generation: number): number {
    const before = [...(this.#begun.get(offer) ?? [])]
    // What was not in force is once it has others move: when it is not again, that is another change.
    const begun = new Map(generation === 0 ? before : before.filter(([of, each]) => each > 0 && of !== uid))
    this.#begun.set(offer, begun.set(uid, generation))
    return [...begun.values()].filter((each) => each === generation).length
  }

  #isAgreed({ providerCluster, acceptAPIName, generation }: MoveCause): boolean {
    const agreed = [...(this.#agreed.get(`${providerCluster}/${acceptAPIName}`) ?? [])]
    return agreed.some((each) => each === generation || (generation > 0 && generation < each))
  }
}

const hasWord = ({ spec }: Pick<Migration, 'spec'>): boolean =>
  spec.approvals?.some(({ stage }) => stage === 'start') ?? false
