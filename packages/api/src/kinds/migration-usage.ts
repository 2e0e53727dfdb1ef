import { z } from 'zod'
import { defineKind } from './kind.ts'
import { clusterName, objectName, offerNames, optional } from './meta.ts'

const claimSchema = z.object({
  uid: z.string().min(1).max(64).describe('metadata.uid of the Migration.'),
  key: z.string().min(1).max(64).describe('Of the object that moves.'),
  consumer: clusterName,
  from: clusterName.describe('The provider that is left.'),
  to: clusterName.describe('The provider that takes over.'),
  drain: optional(z.boolean(), 'true: the move is one of the drain of the provider that is left.'),
  configuration: optional(objectName, 'The MigrationConfiguration that counts for the move.'),
})
/** The place of one move that runs. */
export type MigrationClaim = z.infer<typeof claimSchema>

const causeSchema = z.object({
  ...offerNames,
  generation: z.int().min(0),
  begun: z.int().min(0).describe('How many moves that its change causes were let begin without an approval.'),
})
/** How many moves the change of one offer has set going. */
export type CauseCount = z.infer<typeof causeSchema>

/**
 * Which moves run, of those that a limit is for. A move takes its place before it begins, and gives it back after it has ended: the
 * API server's word on the resourceVersion is what makes every count exact. There is one, under `migrationUsageName`.
 */
export const MigrationUsage = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'MigrationUsage',
  plural: 'migrationusages',
  shortNames: ['mu'],
  description:
    'Records which Migrations run, of those that a limit is for. There is no status subresource: one write carries spec and status.',
  statusSubresource: false,
  columns: [
    { name: 'Running', type: 'integer', jsonPath: '.status.running' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z.object({
    claims: optional(z.record(z.string(), claimSchema), 'The moves that run, by the name of the Migration.'),
    causes: optional(
      z.record(z.string(), causeSchema),
      'Where moves without approval are limited: the AcceptAPIs by whose change objects move, by <provider>/<AcceptAPI>/<generation>.',
    ),
  }),
  status: z.object({ running: z.int().min(0).describe('How many moves run.') }),
})
export type MigrationUsage = z.infer<typeof MigrationUsage.schema>

/** The name of the one MigrationUsage. */
export const migrationUsageName = 'moves'
