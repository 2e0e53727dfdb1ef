import { z } from 'zod'
import { consumersSchema } from './accept-api.ts'
import { defineKind } from './kind.ts'
import { clusterName, conditionsSchema, crd, optional, resourcesSchema } from './meta.ts'

/** Consumers of which the status of a quota tells: the bound of its schema. */
export const MOST_USERS = 100

const count = z.int().min(0)

const usedSchema = z.object({
  consumer: clusterName.describe('The cluster or workspace, as Assignments know it.'),
  objects: count.describe('How many of its objects have a place.'),
  waiting: count.describe('How many wait for one.'),
})

/** How many objects of one consumer may be placed. */
export const ConsumerQuota = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'ConsumerQuota',
  plural: 'consumerquotas',
  shortNames: ['cq'],
  description:
    'Says how many objects of each consumer are placed at most. What is over it waits, in order of creation, and is placed when there is room; what is placed stays. Of several quotas that select an object all must have room.',
  statusSubresource: true,
  columns: [
    { name: 'Objects', type: 'integer', jsonPath: '.spec.objects' },
    { name: 'Consumers', type: 'integer', jsonPath: '.status.consumers' },
    { name: 'Waiting', type: 'integer', jsonPath: '.status.waiting' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z.object({
    consumers: optional(
      consumersSchema,
      'For which consumers: one entry must hold, as in an AcceptAPI. Without it, for all. Each consumer counts for itself.',
    ),
    resources: optional(
      resourcesSchema,
      'Of which resources, which count together; without it, of all that are brokered.',
    ),
    objects: z
      .int()
      .min(0)
      .max(1_000_000)
      .describe('How many objects of one consumer are placed at most. What is placed above that stays, and counts.'),
  }),
  status: z.object({
    conditions: optional(conditionsSchema, 'Ready says what is wrong with the quota: field and mistake.'),
    consumers: optional(count, 'How many consumers have objects that count.'),
    waiting: optional(count, 'How many objects wait, of all consumers.'),
    used: optional(
      z.array(usedSchema).max(MOST_USERS).meta(crd.atomic),
      `What each consumer has; the ${MOST_USERS} that have most.`,
    ),
  }),
})
export type ConsumerQuota = z.infer<typeof ConsumerQuota.schema>
/** What one consumer has of a quota. */
export type QuotaUse = z.infer<typeof usedSchema>
