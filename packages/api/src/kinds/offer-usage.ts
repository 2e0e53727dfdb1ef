import { z } from 'zod'
import { defineKind } from './kind.ts'
import { crd, offerNames, optional } from './meta.ts'

/** One place that an object has. */
export const claimSchema = z.object({
  uid: z.string().min(1).max(64).describe("metadata.uid of the consumer's object that has the place."),
  again: optional(
    z.int().min(1),
    'How often the object asked for the place while it had it: whoever was about to give it back does not any more.',
  ),
})
export type PlaceClaim = z.infer<typeof claimSchema>

/**
 * Who has the places of one offer that has a capacity. A place is claimed before the Assignment or Migration that needs it is made,
 * and given back after both are known not to refer to it, nor to a copy that is there: the API server's word on the resourceVersion is what makes the count exact.
 */
export const OfferUsage = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'OfferUsage',
  plural: 'offerusages',
  shortNames: ['ou'],
  description:
    'Records which objects have a place at an AcceptAPI that has a capacity. There is no status subresource: one write carries spec and status.',
  statusSubresource: false,
  columns: [
    { name: 'Provider', type: 'string', jsonPath: '.spec.providerCluster' },
    { name: 'AcceptAPI', type: 'string', jsonPath: '.spec.acceptAPIName' },
    { name: 'Claimed', type: 'integer', jsonPath: '.status.claimed' },
    { name: 'Capacity', type: 'integer', jsonPath: '.status.capacity' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      ...offerNames,
      claims: optional(z.record(z.string(), claimSchema), 'The places that are taken, by the key of the object.'),
    })
    .meta(
      crd.rules({
        rule: 'self.providerCluster == oldSelf.providerCluster && self.acceptAPIName == oldSelf.acceptAPIName',
        message: 'the offer of an OfferUsage cannot be changed',
      }),
    ),
  status: z.object({
    claimed: z.int().min(0).describe('How many places are taken.'),
    capacity: optional(z.int().min(0), 'How many there were when this was written last.'),
  }),
})
export type OfferUsage = z.infer<typeof OfferUsage.schema>
