import { z } from 'zod'
import { defineKind } from './kind.ts'
import { clusterName, crd, objectName, optional, timeSchema } from './meta.ts'
import { claimSchema } from './offer-usage.ts'

const waitingSchema = z.object({
  uid: z.string().min(1).max(64).describe("metadata.uid of the consumer's object that waits."),
  since: timeSchema.describe('Its metadata.creationTimestamp: who is older goes first.'),
  name: z.string().max(512).describe('Its <namespace>/<name>: of one second, who is before in the alphabet.'),
})
/** One object that waits for a place. */
export type Waiting = z.infer<typeof waitingSchema>

/**
 * Which objects of one consumer count for one quota, and which wait for a place. A place is claimed before the Assignment that needs it is
 * made, and given back after that is known to be gone: the API server's word on the resourceVersion is what makes the count exact.
 */
export const QuotaUsage = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'QuotaUsage',
  plural: 'quotausages',
  shortNames: ['qu'],
  description:
    'Records which objects of one consumer have a place under a ConsumerQuota, and which wait for one. There is no status subresource: one write carries spec and status.',
  statusSubresource: false,
  columns: [
    { name: 'Quota', type: 'string', jsonPath: '.spec.quota' },
    { name: 'Consumer', type: 'string', jsonPath: '.spec.consumer' },
    { name: 'Claimed', type: 'integer', jsonPath: '.status.claimed' },
    { name: 'Objects', type: 'integer', jsonPath: '.status.objects' },
    { name: 'Waiting', type: 'integer', jsonPath: '.status.waiting' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      quota: objectName.describe('Name of the ConsumerQuota.'),
      consumer: clusterName.describe('The consumer, as Assignments know it.'),
      counted: z
        .string()
        .max(128)
        .describe(
          'Of which ConsumerQuota, by uid and generation, what was placed already is counted: what that selects anew is counted before anything is let in.',
        ),
      claims: optional(z.record(z.string(), claimSchema), 'The places that are taken, by the key of the object.'),
      waiting: optional(z.record(z.string(), waitingSchema), 'Who waits for a place, by the key of the object.'),
    })
    .meta(
      crd.rules({
        rule: 'self.quota == oldSelf.quota && self.consumer == oldSelf.consumer',
        message: 'the quota and the consumer of a QuotaUsage cannot be changed',
      }),
    ),
  status: z.object({
    claimed: z.int().min(0).describe('How many places are taken.'),
    waiting: z.int().min(0).describe('How many objects wait for one.'),
    objects: optional(z.int().min(0), 'How many places there were when this was written last.'),
  }),
})
export type QuotaUsage = z.infer<typeof QuotaUsage.schema>
