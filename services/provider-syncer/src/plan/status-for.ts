import { consumerStatus, originName, sameStatus } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { Assigned } from '../facts/known.ts'
import { brokerConditions } from './conditions.ts'
import { consumerGenerationOf } from './desired-copy.ts'
import type { Problem } from './problem.ts'

export type Status = Record<string, unknown>

type Said = {
  /** The copy that the consumer is served from; undefined while there is none. */
  serving: KubeObject | undefined
  /** What that copy says; undefined: what the consumer has stays. */
  copyStatus: Status | undefined
  problems: Pick<Problem, 'reason' | 'message'>[]
  now: Date
}

/** What the consumer's status should be: what its copy says, with the broker's conditions beside it. */
export function statusFor(known: Assigned, source: KubeObject, { serving, copyStatus, problems, now }: Said): Status {
  const { ref } = known
  return consumerStatus({
    copyStatus,
    conditions: brokerConditions(known, source.metadata.generation ?? 0, problems),
    previous: source.status as Status | undefined,
    rename: (name) => originName(ref.cluster, name),
    namespace: ref.namespace,
    ...(serving === undefined
      ? {}
      : { generations: { copy: serving.metadata.generation ?? 0, consumer: consumerGenerationOf(serving) } }),
    now,
  })
}

/** Whether the consumer has it. Its API server may drop what its schema lacks: the same would otherwise be written again at each look. */
export function isTold({ notes }: Assigned, source: KubeObject, status: Status): boolean {
  const { told } = notes.before
  return (
    sameStatus(status, source.status) ||
    (told !== undefined && sameStatus(told.status, source.status) && sameStatus(told.wanted, status))
  )
}
