import { hasEnded, type Migration, type StageStatus } from '@resource-broker/api'
import type { Staged } from '../step.ts'
import { attemptOf } from './attempt.ts'

/** What is deployed on account of a Migration and is not of an attempt that runs, or of one that a person has yet to look at. */
export function staleOf(migration: Migration, staged: readonly Staged[]): Staged[] {
  const { metadata, status } = migration
  if (hasEnded(migration) || metadata.deletionTimestamp !== undefined) return [...staged]
  const running = (status?.stages ?? []).filter(({ state }) => state === 'Running' || state === 'AwaitingApproval')
  return staged.filter((it) => it.stage !== undefined && !running.some((stage) => isOf(it, stage)))
}

function isOf({ stage, object }: Staged, { name, attempt, deployed }: StageStatus): boolean {
  if (stage !== name || attemptOf(object) !== attempt) return false
  return deployed === undefined || Object.values(deployed).includes(object.metadata.uid)
}
