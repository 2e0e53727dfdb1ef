import { z } from 'zod'
import { defineKind } from './kind.ts'
import { clusterName, conditionsSchema, crd, objectName, optional } from './meta.ts'

/** kcp: a workspace of the broker that holds the copies of one consumer at one export of one provider. */
export const StagingWorkspace = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'StagingWorkspace',
  plural: 'stagingworkspaces',
  shortNames: ['sws'],
  description: "A kcp workspace that holds one consumer's copies at one APIExport of one provider.",
  statusSubresource: true,
  columns: [
    { name: 'Consumer', type: 'string', jsonPath: '.spec.consumerCluster' },
    { name: 'Provider', type: 'string', jsonPath: '.spec.providerPath' },
    { name: 'Export', type: 'string', jsonPath: '.spec.apiExportName' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      consumerCluster: clusterName,
      providerPath: clusterName.describe("Path of the provider's workspace."),
      apiExportName: objectName.describe('APIExport in that workspace to bind.'),
      workspaceTreeRoot: clusterName.describe('Path of the workspace below which it is made.'),
    })
    .meta(crd.rules({ rule: 'self == oldSelf', message: 'the spec of a StagingWorkspace cannot be changed' })),
  status: z.object({
    phase: z.enum(['Pending', 'Ready', 'Terminating']),
    workspaceURL: optional(z.string().max(2048), 'Where the API of the workspace is served.'),
    conditions: optional(conditionsSchema),
  }),
})
export type StagingWorkspace = z.infer<typeof StagingWorkspace.schema>
