import { z } from 'zod'
import { consumersSchema } from './accept-api.ts'
import { defineKind } from './kind.ts'
import { labelSelectorFields } from './label-selector.ts'
import { conditionsSchema, crd, durationSchema, optional, resourcesSchema, timeSchema } from './meta.ts'

const MOST_PRIORITY = 1_000_000_000
const MOST_WEIGHT = 1_000_000

/** One that asks for nothing would be met by everybody, also where it was to say something. */
const asksForLabels = crd.rules({
  rule: 'has(self.matchLabels) || has(self.matchExpressions)',
  message: 'a term needs matchLabels or matchExpressions',
})

const selectorSchema = z.object({
  resources: optional(resourcesSchema, 'Of which resources; without it, of all that are brokered.'),
  consumers: optional(
    consumersSchema,
    'Of which consumers: one entry must hold, as in an AcceptAPI. Without it, of all.',
  ),
  objects: optional(z.object(labelSelectorFields('object')), 'By their labels.'),
  when: optional(
    z.string().min(1).max(2048),
    'A CEL expression over object (apiVersion, kind, metadata and spec) that is true of those that are meant; one that reads a field that is missing is not.',
  ),
})

/** How many objects a policy may let fail over in a minute at most. */
const MOST_A_MINUTE = 1_000

const failoverSchema = z
  .object({
    after: durationSchema.describe(
      'How long a provider has to be away, by its condition Reachable, before its objects leave it. One that is back before that moves nothing.',
    ),
    maxPerMinute: optional(
      z.int().min(1).max(MOST_A_MINUTE),
      'How many objects begin to fail over in a minute at most; 10 if left out.',
    ),
    stopAbove: optional(
      z.int().min(1).max(100),
      'Per cent. While more of the Providers than that are away, nothing fails over: then it is the broker that is cut off. 50 if left out.',
    ),
  })
  .meta(crd.rules({ rule: "self.after.matches('[1-9]')", message: 'after must be longer than 0' }))

/** What the platform says of where objects go. */
export const PlacementPolicy = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'PlacementPolicy',
  plural: 'placementpolicies',
  shortNames: ['pp'],
  description:
    'Says to which providers objects may go, and which of them are better, by the labels of the Providers. It counts where an object is placed or has to move: what is placed stays where it is, but for spec.failover.',
  statusSubresource: true,
  columns: [
    { name: 'Priority', type: 'integer', jsonPath: '.spec.priority' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Satisfiable', type: 'string', jsonPath: '.status.conditions[?(@.type=="Satisfiable")].status' },
    { name: 'Failover', type: 'string', jsonPath: '.status.conditions[?(@.type=="Failover")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z.object({
    selector: selectorSchema.describe('Which objects it is for: all that is given must hold. {} selects every object.'),
    priority: optional(
      z.int().min(-MOST_PRIORITY).max(MOST_PRIORITY),
      'Of several that select an object the one of the highest priority counts, alone; then the older, then the one that is before in the alphabet. 0 if left out.',
    ),
    require: optional(
      z
        .array(z.object(labelSelectorFields('Provider')).meta(asksForLabels))
        .min(1)
        .max(32)
        .meta(crd.atomic),
      'Providers that may take the objects: one term must hold of the labels of a Provider. Without it, all may.',
    ),
    prefer: optional(
      z
        .array(
          z
            .object({
              weight: z
                .int()
                .min(1)
                .max(MOST_WEIGHT)
                .describe('What is added to the weight of an offer of a Provider of which the term holds.'),
              ...labelSelectorFields('Provider'),
            })
            .meta(asksForLabels),
        )
        .min(1)
        .max(32)
        .meta(crd.atomic),
      'Providers that are better than others, term by term.',
    ),
    scores: optional(
      z
        .array(
          z
            .object({
              name: z.string().min(1).max(64).describe('The name of the score, such as cost.'),
              weight: z
                .int()
                .min(-MOST_WEIGHT)
                .max(MOST_WEIGHT)
                .describe('What the score is multiplied by; negative where less is better, as of a cost.'),
            })
            .meta(crd.rules({ rule: 'self.weight != 0', message: 'weight must not be 0: the score would not count' })),
        )
        .min(1)
        .max(16)
        .meta(crd.listMap('name')),
      'Scores that count: each, by spec.scores of the Provider or else of the AcceptAPI, times its weight is added to the weight of an offer. An offer of which nobody says the score counts as the worst.',
    ),
    failover: optional(
      failoverSchema,
      'What a provider has that is away for long gets a new copy at another one that accepts it, is switched when that is ready, and the old copy goes when its provider is back. Without it, what such a provider has waits for it.',
    ),
  }),
  status: z.object({
    conditions: optional(
      conditionsSchema,
      'Ready says what is wrong with the policy: field and mistake. Satisfiable: whether a Provider has what spec.require asks for. Failover: whether objects fail over now.',
    ),
    failedOver: optional(
      z.array(timeSchema).max(MOST_A_MINUTE).meta(crd.atomic),
      'When the last objects were let fail over, as far as that counts for spec.failover.maxPerMinute.',
    ),
  }),
})
export type PlacementPolicy = z.infer<typeof PlacementPolicy.schema>
