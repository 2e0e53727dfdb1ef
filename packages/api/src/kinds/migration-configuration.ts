import { z } from 'zod'
import { defineKind } from './kind.ts'
import { conditionsSchema, crd, gvkSchema, optional } from './meta.ts'

const expressions = z.array(z.string().min(1).max(4096)).max(32).meta(crd.atomic)
const template = z.record(z.string(), z.unknown()).meta(crd.anything)

/** What a label's value is: the stage's name is one. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

const stageSchema = z.object({
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
})
export type MigrationStage = z.infer<typeof stageSchema>

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
  }),
  status: z.object({
    conditions: optional(
      conditionsSchema,
      'Ready says what is wrong with the configuration: stage, field and mistake.',
    ),
  }),
})
export type MigrationConfiguration = z.infer<typeof MigrationConfiguration.schema>
