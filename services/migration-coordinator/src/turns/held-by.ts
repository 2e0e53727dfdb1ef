import { approvalCommand, lacksApproval, type Migration, type MigrationConfiguration } from '@resource-broker/api'
import type { Wait } from '../plan/step.ts'

/** What the MigrationConfiguration that counts for a move says on when it may begin. */
export type Rules = Pick<MigrationConfiguration['spec'], 'paused' | 'approval' | 'limits'> & { name: string }

/** Of the Ready condition of a Migration: reasons that only people take away. */
export const PAUSED = 'Paused'
export const AWAITS_APPROVAL = 'AwaitingApproval'

/** What people keep a move from, before it begins: somebody paused it, or has to agree. Pure. */
export function heldBy(migration: Migration, rules: Rules | undefined): Wait | undefined {
  if (migration.spec.paused === true) return { reason: PAUSED, message: 'paused by spec.paused of the Migration' }
  if (rules === undefined) return undefined
  const { name, paused, approval } = rules
  if (paused === true) return { reason: PAUSED, message: `paused by spec.paused of MigrationConfiguration ${name}` }
  if (!lacksApproval(migration, 'start', approval)) return undefined
  const message = `MigrationConfiguration ${name} wants an approval before it begins: ${approvalCommand(migration, 'start')}`
  return { reason: AWAITS_APPROVAL, message }
}
