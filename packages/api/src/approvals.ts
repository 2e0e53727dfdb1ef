import { stringifyJson } from '@resource-broker/json'
import type { Migration } from './kinds/migration.ts'
import type { MigrationConfiguration } from './kinds/migration-configuration.ts'

/** Where a MigrationConfiguration may ask for a person's word: before the move begins, and before the consumer is switched. */
export type ApprovalPoint = 'start' | 'switch'

type Asked = MigrationConfiguration['spec']['approval']

const ASKED_BY: Record<ApprovalPoint, ReadonlySet<Asked>> = {
  start: new Set(['BeforeStart', 'Both']),
  switch: new Set(['BeforeSwitch', 'Both']),
}

/** Whether `approval` of a MigrationConfiguration asks for a word at this point, and the Migration does not have it. */
export function lacksApproval(migration: Pick<Migration, 'spec'>, point: ApprovalPoint, approval: Asked): boolean {
  return ASKED_BY[point].has(approval) && !isApproved(migration, point)
}

/** Whether somebody agreed, in spec.approvals, that the move goes on past this point. */
export function isApproved({ spec }: Pick<Migration, 'spec'>, point: ApprovalPoint): boolean {
  return spec.approvals?.some(({ stage }) => stage === point) ?? false
}

/** The command that agrees, for people to copy; what was agreed on before stays. */
export function approvalCommand(
  { metadata, spec }: Pick<Migration, 'metadata' | 'spec'>,
  point: ApprovalPoint,
): string {
  const patch = stringifyJson({ spec: { approvals: [...(spec.approvals ?? []), { stage: point }] } })
  return `kubectl patch migration ${metadata.name} --type merge -p '${patch}'`
}
