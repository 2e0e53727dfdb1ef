import { z } from 'zod'
import { annotations } from '../names.ts'
import { defineKind } from './kind.ts'
import { labelSelectorFields } from './label-selector.ts'
import { conditionsSchema, crd, gvrSchema, objectName, optional, scoresSchema } from './meta.ts'

const values = z.array(z.string().max(1024)).max(256).meta(crd.atomic)

/** A CEL rule cannot look at these texts: the API server prices an int-or-string as if it were megabytes long. */
const bound = z
  .union([z.number(), z.bigint(), z.string().max(64)])
  .meta({
    ...crd.intOrString,
    maxLength: 64,
    pattern: '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?$',
  })
  .describe('A whole number, or a decimal or quantity in quotes: 4, "0.5", "-3", "16Gi", "500m".')

const boundarySchema = z
  .object({ min: optional(bound), max: optional(bound) })
  .meta(
    crd.rules({
      rule: '!has(self.min) || !has(self.max) || type(self.min) != int || type(self.max) != int || int(self.min) <= int(self.max)',
      message: 'min must not be above max: nothing could match',
    }),
  )
  .describe('The value is a number or quantity, at least min and at most max; both ends count.')

/** One filter: every given condition must hold. `""` and `[]` are no condition, as in the Go broker. */
const filterSchema = z
  .object({
    key: optional(
      z
        .string()
        .max(512)
        .meta(
          crd.rules({
            rule: "!self.startsWith('spec.')",
            message: "key must not start with 'spec.': it is a path below spec, so 'spec.size' is written 'size'",
          }),
        ),
      'Dot path below spec, such as size or network.ports.0.name; a number counts into a list. Only a cel filter needs none.',
    ),
    valueIn: optional(values, 'The value is one of these. Numbers and booleans are compared by their text.'),
    notIn: optional(values, 'The value is there and is none of these.'),
    prefix: optional(z.string().max(1024), 'The value is a string that starts with this.'),
    suffix: optional(z.string().max(1024), 'The value is a string that ends with this.'),
    pattern: optional(
      z.string().max(1024),
      'The value is a string in which this RE2 expression is found; ^ and $ anchor it.',
    ),
    exists: optional(z.boolean(), 'true: the field is there. false: it is not.'),
    boundary: optional(boundarySchema),
    cel: optional(
      z.string().max(2048),
      'A CEL expression over object (apiVersion, kind, metadata and spec) that must be true. Needs no key.',
    ),
  })
  .meta(
    crd.rules({
      rule: '(has(self.key) && size(self.key) > 0) || (has(self.cel) && size(self.cel) > 0)',
      message: 'a filter needs a key, or a cel expression',
    }),
  )
export type Filter = z.infer<typeof filterSchema>

/** Which consumers are meant: everything given must hold. */
const consumerSelectorSchema = z.object({
  path: optional(
    z.string().min(1).max(512),
    'Workspace path or cluster name; * stands for one path segment or a part of it, ** for any number of segments.',
  ),
  ...labelSelectorFields('consumer'),
})
export type ConsumerSelector = z.infer<typeof consumerSelectorSchema>

/** Which consumers something of the platform's is for: one entry must hold. */
export const consumersSchema = z.array(consumerSelectorSchema).min(1).max(64).meta(crd.atomic)

/** What a provider offers: which kind, under which conditions, for whom and how much of it. */
export const AcceptAPI = defineKind({
  group: 'broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'AcceptAPI',
  plural: 'acceptapis',
  shortNames: ['accept'],
  description: 'Says that a provider serves objects of one kind, and under which conditions.',
  statusSubresource: true,
  columns: [
    { name: 'Resource', type: 'string', jsonPath: '.spec.gvr.resource' },
    { name: 'Group', type: 'string', jsonPath: '.spec.gvr.group' },
    { name: 'Weight', type: 'integer', jsonPath: '.spec.weight', priority: 1 },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z.object({
    gvr: gvrSchema.describe('The resource that is served.'),
    apiExportName: optional(
      objectName,
      'kcp: the APIExport in the provider workspace that serves it; copies that are there stay where they were made when it changes.',
    ),
    filters: optional(
      z.array(filterSchema).max(64).meta(crd.atomic),
      'All must hold. Without filters every object of the resource is accepted.',
    ),
    consumers: optional(
      z.array(consumerSelectorSchema).max(64).meta(crd.atomic),
      'Whose objects are accepted: one entry must hold. Without it everyone is served.',
    ),
    weight: optional(z.int().min(0).max(1_000_000), 'Among accepting offers the heaviest is taken; 1 if not given.'),
    capacity: optional(
      z.int().min(0).max(1_000_000_000),
      'How many objects are placed here at most; unlimited if not given.',
    ),
    scores: optional(
      scoresSchema,
      'What the provider says of this offer, such as cost or latency, for PlacementPolicies of the platform to weigh. What the platform says of the Provider by the same name counts instead.',
    ),
  }),
  status: z.object({ conditions: optional(conditionsSchema) }),
})
export type AcceptAPI = z.infer<typeof AcceptAPI.schema>

/** kcp: the APIExport that serves what is offered, as the spec names it, or an older object in its annotation. */
export function apiExportNameOf({ spec, metadata }: AcceptAPI): string | undefined {
  return spec.apiExportName ?? metadata.annotations?.[annotations.kcpAPIExportName]
}
