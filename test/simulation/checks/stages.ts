import { annotations, labels } from '@resource-broker/api'
import type { ApiServer, Change } from '../server/api-server.ts'
import { resources } from '../world/places.ts'
import { Violation } from '../world/violation.ts'

/** Watches that no attempt of a stage has its effects twice. */
export class StageEffects {
  readonly #attempts = new Set<string>()
  readonly #violated: (violation: Violation) => void

  constructor(violated: (violation: Violation) => void) {
    this.#violated = violated
  }

  check({ type, place, entry }: Change): void {
    if (type !== 'ADDED' || place.resource !== resources.jobs) return
    const { labels: its = {}, annotations: notes = {}, name } = entry.object.metadata
    const attempt = `${its[labels.migrationName]}, ${its[labels.migrationStage]}, ${notes[annotations.migrationAttempt]}`
    if (this.#attempts.has(attempt))
      this.#violated(new Violation('stage-twice', `${name} is deployed again: ${attempt}`))
    this.#attempts.add(attempt)
  }
}

/** What is left at the compute cluster after all moves. */
export function leftOfStages(compute: ApiServer): Violation[] {
  const left = ['namespaces', resources.jobs, resources.secrets].flatMap((resource) => compute.all(resource))
  return left.map(
    ({ object }) =>
      new Violation('stage-left', `${object.kind} ${object.metadata.name} is left at the compute cluster`),
  )
}
