import { type Assignment, conditionTypes, getCondition, reasons } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** The objects that drained providers keep, as nobody else takes them: by what the scheduler notes in their Assignments. */
export class Stuck {
  readonly #changed: (provider: string) => void
  readonly #objects = new Map<string, { provider: string; object: string }>()

  constructor(changed: (provider: string) => void) {
    this.#changed = changed
  }

  /** What an Assignment says by now; null: it is gone. */
  set(assignment: string, record: KubeObject | null): void {
    const [before, now] = [this.#objects.get(assignment), stuckIn(record)]
    if (before?.provider === now?.provider) return
    if (now === undefined) this.#objects.delete(assignment)
    else this.#objects.set(assignment, now)
    for (const { provider } of [before, now].filter((it) => it !== undefined)) this.#changed(provider)
  }

  /** `<consumer>/<namespace>/<name>` of each that a provider keeps, sorted. */
  of(provider: string): string[] {
    return [...this.#objects.values()].flatMap((it) => (it.provider === provider ? [it.object] : [])).sort()
  }
}

/** One that nobody can read says nothing. */
function stuckIn(record: KubeObject | null): { provider: string; object: string } | undefined {
  const { spec, status } = (record ?? {}) as Partial<Assignment>
  const accepted = getCondition(status?.conditions, conditionTypes.accepted)
  if (spec === undefined || accepted?.reason !== reasons.nobodyElseAccepts) return undefined
  const { consumerCluster, namespace, name, providerCluster: provider } = spec
  return { provider, object: [consumerCluster, namespace, name].filter((part) => part !== undefined).join('/') }
}
