import { z } from 'zod'
import { defineKind } from './kind.ts'
import { conditionsSchema, crd, durationSchema, gvkSchema, optional } from './meta.ts'

const expression = z.string().min(1).max(4096)
const expressions = z.array(expression).max(32).meta(crd.atomic)
const template = z.record(z.string(), z.unknown()).meta(crd.anything)

/** What a label's value is: the stage's name is one. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

/** When a stage runs: before the switch may begin, just before the switch, after it. */
export const PHASES = ['Initial', 'Cutover', 'Finalize'] as const
export type StagePhase = (typeof PHASES)[number]

export const stageSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(63)
    .meta({ pattern: LABEL_VALUE.source })
    .describe('Shown in conditions and in the Migration; a label of what is deployed. No two stages have one name.'),
  preconditions: optional(
    expressions,
    'CEL expressions over from and to, the two copies as their providers have them. All must be true before the stage starts; a field that is missing means not yet.',
  ),
  templates: optional(
    z.record(z.string(), template).meta({
      maxProperties: 32,
      ...crd.rules({
        rule: "!('from' in self) && !('to' in self)",
        message: "'from' and 'to' name the two copies in CEL; use another key",
      }),
    }),
    'Objects to deploy for the stage, by the key under which successConditions see them: lower-case letters and digits. A string may hold ${CEL} over from and to; one that is an expression and nothing else keeps its type. apiVersion and kind are static, name and namespace are the broker’s.',
  ),
  successConditions: optional(
    expressions,
    'CEL expressions over from, to and each key of templates. All must be true for the stage to be done; none: done once deployed.',
  ),
  progress: optional(z.boolean(), 'When this stage is done the initial part is over and the switch may begin.'),
  phase: optional(
    z.enum(PHASES),
    'When it runs. Initial: before the switch begins. Cutover: just before the consumer is switched. Finalize: after that. If left out, Initial up to the stage with progress, Cutover after it.',
  ),
  failureConditions: optional(
    expressions,
    'CEL expressions that see what successConditions see. One that is true fails the stage. None: a Job that failed, and what has a condition Failed or Stalled, fail it.',
  ),
  timeout: optional(durationSchema, 'How long an attempt may take. Without one it may take for ever.'),
  retries: optional(z.int().min(0).max(100), 'How many attempts there are after one that failed, with fresh objects.'),
  onFailure: optional(
    z.enum(['RollBack', 'Hold']),
    'What becomes of the move when the last attempt failed. RollBack, which before the switch is the default: the object stays where it is. Hold, after the switch the only one: it waits for a person.',
  ),
  wait: optional(durationSchema, 'How long before it starts.'),
  results: optional(
    z.record(z.string().min(1).max(63), expression).meta({ maxProperties: 32 }),
    'CEL expressions that see what successConditions see, evaluated when the stage is done and kept in the Migration: the proof that the data arrived.',
  ),
})
export type MigrationStage = z.infer<typeof stageSchema>

/** When a person has to agree with a move. */
export const approvalSchema = z.enum(['Never', 'BeforeStart', 'BeforeSwitch', 'Both'])

const most = z.int().min(1)
const limitsSchema = z.object({
  total: optional(most, 'Of all.'),
  perConsumer: optional(most, 'Of the objects of one consumer.'),
  perProvider: optional(most, 'To or from one provider.'),
})

/** What happens between the new copy and the switch when objects move from one kind to another. */
export const MigrationConfiguration = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'MigrationConfiguration',
  plural: 'migrationconfigurations',
  shortNames: ['migconf'],
  description: 'Says which stages a move between two kinds goes through, and what is deployed for each.',
  statusSubresource: true,
  columns: [
    { name: 'From', type: 'string', jsonPath: '.spec.from.kind' },
    { name: 'To', type: 'string', jsonPath: '.spec.to.kind' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z.object({
    from: gvkSchema.describe('Kind of the copy that is left.'),
    to: gvkSchema.describe('Kind of the copy that takes over.'),
    stages: optional(z.array(stageSchema).max(32).meta(crd.atomic), 'Run one after another, in this order.'),
    when: optional(
      expression,
      'CEL over from, to, object, fromProvider and toProvider: the two copies, the object of the consumer and the Providers. Only moves for which it is true are concerned; a field that is missing means that it is not.',
    ),
    paused: optional(z.boolean(), 'true: no move begins, and one that runs waits once its stage is done.'),
    limits: optional(limitsSchema, 'How many moves run at once.'),
    approval: optional(
      approvalSchema,
      'When a person has to agree, in spec.approvals of the Migration. Never if left out.',
    ),
    keepOutgoing: optional(
      durationSchema,
      'How long the old copy stays after the switch, untouched and not serving. Until then a move back needs no new copy.',
    ),
  }),
  status: z.object({
    conditions: optional(
      conditionsSchema,
      'Ready says what is wrong with the configuration: stage, field and mistake.',
    ),
  }),
})
export type MigrationConfiguration = z.infer<typeof MigrationConfiguration.schema>
