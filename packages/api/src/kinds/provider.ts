import { z } from 'zod'
import { defineKind } from './kind.ts'
import { clusterName, conditionsSchema, crd, optional, scoresSchema } from './meta.ts'

const count = z.int().min(0)

/** A provider that the broker has met: whether it can be spoken to, and what the platform says of it. */
export const Provider = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'Provider',
  plural: 'providers',
  shortNames: ['prov'],
  description:
    'A provider that the broker has met. The broker makes it and keeps its status; labels, spec.unschedulable, spec.drain, spec.lost, spec.scores and spec.approvedMoves are for the platform to set.',
  statusSubresource: true,
  columns: [
    { name: 'Provider', type: 'string', jsonPath: '.spec.providerCluster' },
    { name: 'Reachable', type: 'string', jsonPath: ".status.conditions[?(@.type=='Reachable')].status" },
    { name: 'Since', type: 'date', jsonPath: ".status.conditions[?(@.type=='Reachable')].lastTransitionTime" },
    { name: 'Objects', type: 'integer', jsonPath: '.status.objects' },
    { name: 'Offers', type: 'integer', jsonPath: '.status.offers' },
    { name: 'Unschedulable', type: 'string', jsonPath: '.spec.unschedulable' },
    { name: 'Drained', type: 'string', jsonPath: ".status.conditions[?(@.type=='Drained')].status" },
    { name: 'Lost', type: 'string', jsonPath: '.spec.lost' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      providerCluster: clusterName.describe('The name by which Assignments know the provider.'),
      unschedulable: optional(
        z.boolean(),
        'true: the provider is cordoned. No object is placed there, and none moves there: a move that has not begun is taken back, one that has begun goes on. What is there stays, and is kept in sync.',
      ),
      drain: optional(
        z.object({
          maxConcurrent: optional(
            z.int().min(1).max(1_000_000),
            'How many objects the drain moves at once at most; what else limits moves counts as well.',
          ),
        }),
        'The provider is drained: what spec.unschedulable says, and what is there moves to whoever else takes it, the new copy first. What nobody else takes stays, and the condition Drained lists it. Without it no further object is moved.',
      ),
      lost: optional(
        z.boolean(),
        'true: the provider will not come back. Nothing waits for it any more: finalizers come off although its copies were not seen gone, and moves away from it end.',
      ),
      scores: optional(
        scoresSchema,
        'What the platform says of the provider, such as cost, carbon or latency, for PlacementPolicies to weigh. A controller may keep them up to date.',
      ),
      approvedMoves: optional(
        z.record(z.string(), count).meta({ maxProperties: 1024 }),
        'By the name of an AcceptAPI of the provider: its generation up to which somebody agreed with all the moves that its change causes; 0: with those that come of it not being in force any more.',
      ),
    })
    .meta(
      crd.rules({
        rule: 'self.providerCluster == oldSelf.providerCluster',
        message: 'providerCluster cannot be changed',
      }),
    ),
  status: z.object({
    clusterUID: optional(
      z.string().min(1).max(64),
      'What the cluster is, by whatever name it goes: another one under this name is not believed.',
    ),
    objects: optional(count, 'Assignments that have a copy there, or want one.'),
    offers: optional(count, 'AcceptAPIs that are there.'),
    conditions: optional(
      conditionsSchema,
      'Reachable: whether the broker can speak to it, and since when. Drained: while spec.drain is there, whether nothing is at the provider any more.',
    ),
  }),
})
export type Provider = z.infer<typeof Provider.schema>
