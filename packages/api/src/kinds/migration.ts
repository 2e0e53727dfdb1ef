import { z } from 'zod'
import { annotations } from '../names.ts'
import { decisionRecordSchema } from './assignment.ts'
import { defineKind } from './kind.ts'
import {
  conditionsSchema,
  crd,
  durationSchema,
  gvkSchema,
  objectName,
  offerNames,
  optional,
  timeSchema,
} from './meta.ts'
import { approvalSchema, stageSchema } from './migration-configuration.ts'

const endSchema = z.object({ gvk: gvkSchema, ...offerNames })
/** One end of a move: the copy's kind, its provider and the offer that took it. */
export type MigrationEnd = z.infer<typeof endSchema>

const migrationStateSchema = z.enum([
  'Pending',
  'InitialInProgress',
  'InitialCompleted',
  'CutoverInProgress',
  'CutoverCompleted',
  'Failed',
  'RolledBack',
])
export type MigrationState = z.infer<typeof migrationStateSchema>

const causeSchema = z.object({
  ...offerNames,
  generation: z
    .int()
    .min(0)
    .describe('metadata.generation of the AcceptAPI that did it; 0: it is not in force any more.'),
})
/** The offer whose change has objects move. */
export type MoveCause = z.infer<typeof causeSchema>

const failoverSchema = z.object({
  policy: objectName.describe('The PlacementPolicy that asks for it.'),
  awaySince: timeSchema.describe('Since when the provider was away.'),
})
/** On account of which policy an object leaves a provider that is away. */
export type MoveFailover = z.infer<typeof failoverSchema>

const approvalOfSchema = z.object({
  stage: z
    .string()
    .min(1)
    .max(63)
    .describe('"start" and "switch" are the two points at which a configuration may ask.'),
  by: optional(z.string().max(253), 'Who agreed.'),
  time: optional(timeSchema, 'When.'),
})

/** The MigrationConfiguration that a move began with, as far as it counts to its end. */
const configurationSchema = z.object({
  name: objectName,
  generation: z.int().min(0),
  approval: optional(approvalSchema),
  keepOutgoing: optional(durationSchema),
})

const STAGE_STATES = ['Waiting', 'AwaitingApproval', 'Running', 'Succeeded', 'Failed', 'TimedOut', 'Skipped'] as const

const stageStatusSchema = z.object({
  name: z.string().max(63),
  state: z.enum(STAGE_STATES),
  attempt: z.int().min(1).describe('The first is 1.'),
  deployed: optional(
    z.record(z.string(), z.string().max(64)),
    'metadata.uid of what the attempt has deployed, by the keys of templates: it is not deployed a second time.',
  ),
  startTime: optional(timeSchema, 'When the attempt began; while the stage waits, when its turn came.'),
  completionTime: optional(timeSchema),
  message: optional(z.string().max(4096)),
  results: optional(z.record(z.string(), z.string().max(4096)), 'What results of the stage gave.'),
})
export type StageStatus = z.infer<typeof stageStatusSchema>

/** An annotation as a printer column finds it: JSONPath wants the dots of its name escaped. */
const annotationPath = (name: string): string => `.metadata.annotations.${name.replaceAll('.', '\\.')}`

/** The move of one object from one provider to another; kept for a while after it ended. */
export const Migration = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'Migration',
  plural: 'migrations',
  shortNames: ['mig'],
  description:
    'Moves one object from one provider to another: the new copy first, then the switch, then the old copy goes.',
  statusSubresource: true,
  columns: [
    { name: 'Assignment', type: 'string', jsonPath: '.spec.assignment', priority: 1 },
    { name: 'Object', type: 'string', jsonPath: annotationPath(annotations.consumerName) },
    { name: 'Kind', type: 'string', jsonPath: '.spec.from.gvk.kind' },
    { name: 'From', type: 'string', jsonPath: '.spec.from.providerCluster' },
    { name: 'To', type: 'string', jsonPath: '.spec.to.providerCluster' },
    { name: 'State', type: 'string', jsonPath: '.status.state' },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
    { name: 'Stage', type: 'string', jsonPath: '.status.stage' },
    { name: 'Failover', type: 'string', jsonPath: '.spec.failover.policy', priority: 1 },
    { name: 'Downtime', type: 'string', jsonPath: '.status.downtime', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      assignment: objectName.describe('Name of the Assignment that is moved.'),
      assignmentUID: optional(
        z.string().min(1).max(64),
        'metadata.uid of that Assignment: one of another life of the object is another one.',
      ),
      from: endSchema,
      to: endSchema.extend({
        apiExportName: optional(
          objectName,
          'kcp: the APIExport that the AcceptAPI names; if left out, any that serves the resource.',
        ),
      }),
      decision: optional(decisionRecordSchema, 'Why it moves; the Assignment has it from the switch on.'),
      cause: optional(
        causeSchema,
        'The AcceptAPI by whose change the object has to move. Left out where the object itself was changed, or its provider is lost.',
      ),
      drain: optional(
        z.boolean(),
        'true: the object leaves its provider because that is drained. A move that has not begun when the drain ends is taken back.',
      ),
      failover: optional(
        failoverSchema,
        'The object leaves its provider because that is away, as its policy asks. A move that has not begun when the provider is back is taken back.',
      ),
      cancel: optional(
        z.boolean(),
        'true takes the move back, as long as the switch has not begun; after it the move does not wait for a new copy that is not ready, nor for its stages. It stays true.',
      ),
      paused: optional(z.boolean(), 'true: the move does not begin, or waits once its stage is done.'),
      approvals: optional(
        z.array(approvalOfSchema).max(32).meta(crd.listMap('stage')),
        'Where people agreed that the move goes on.',
      ),
      configuration: optional(
        configurationSchema,
        'The MigrationConfiguration that it began with; the broker writes it, and an edit of that touches no move that runs.',
      ),
      stages: optional(
        z.array(stageSchema).max(32).meta(crd.atomic),
        'Its stages as they were then; the broker writes them.',
      ),
    })
    .meta(
      crd.rules(
        {
          rule: 'self.assignment == oldSelf.assignment && self.from == oldSelf.from && self.to == oldSelf.to',
          message: 'assignment, from and to of a Migration cannot be changed: create another one',
        },
        {
          rule: 'has(self.assignmentUID) == has(oldSelf.assignmentUID) && (!has(self.assignmentUID) || self.assignmentUID == oldSelf.assignmentUID)',
          message: 'assignmentUID of a Migration cannot be changed: create another one',
        },
        {
          rule: '!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)',
          message: 'what was cancelled stays cancelled',
        },
        {
          rule: 'self.from.providerCluster != self.to.providerCluster || self.from.acceptAPIName != self.to.acceptAPIName || self.from.gvk.kind != self.to.gvk.kind',
          message: 'from and to are the same',
        },
      ),
    ),
  status: z.object({
    state: migrationStateSchema,
    stage: optional(objectName, 'The stage of the MigrationConfiguration that runs.'),
    configuration: optional(
      configurationSchema.pick({ name: true, generation: true }),
      'The MigrationConfiguration that the move began with.',
    ),
    stages: optional(z.array(stageStatusSchema).max(32).meta(crd.listMap('name'))),
    startTime: optional(timeSchema, 'When the move began.'),
    switchTime: optional(timeSchema, 'When the Assignment was switched to the new copy.'),
    downtime: optional(
      z.string().max(32),
      'How long the copy that serves the consumer was not ready during the move, as far as that was seen.',
    ),
    unreadySince: optional(timeSchema, 'Since when it is not ready; what downtime says was before that.'),
    fromStagingWorkspace: optional(objectName),
    stagingWorkspace: optional(objectName),
    completionTime: optional(timeSchema, 'When the Migration ended, well or badly.'),
    conditions: optional(conditionsSchema),
  }),
})
export type Migration = z.infer<typeof Migration.schema>
