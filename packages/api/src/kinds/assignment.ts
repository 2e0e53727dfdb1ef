import { z } from 'zod'
import { defineKind } from './kind.ts'
import { clusterName, conditionsSchema, crd, gvrSchema, objectName, offerNames, optional, timeSchema } from './meta.ts'

/** Incoming: being made ready to take over. Outgoing: serves until it has. Replica: stands beside the active one. */
const copyRoleSchema = z.enum(['Incoming', 'Outgoing', 'Replica'])
export type CopyRole = z.infer<typeof copyRoleSchema>

const specCopySchema = z.object({
  ...offerNames,
  role: copyRoleSchema,
  apiExportName: optional(objectName, 'kcp: the APIExport that its AcceptAPI named when the copy was asked for.'),
  keptUntil: optional(
    timeSchema,
    'Of an Outgoing copy that serves nobody any more: until when it stays, so that the move can be undone.',
  ),
})
export type AssignmentCopy = z.infer<typeof specCopySchema>

const copyStatusSchema = z.object({
  providerCluster: clusterName,
  acceptAPIName: optional(objectName, 'The AcceptAPI at which the copy has its place.'),
  applied: z.boolean().describe('The copy was written at this provider.'),
  observedGeneration: optional(z.int().min(0), "Generation of the consumer's object that the copy holds."),
  ready: z.boolean(),
  state: optional(z.string().max(64), 'status.status of the copy, such as Provisioning, Available or Failed.'),
  message: optional(z.string().max(4096)),
  apiExportName: optional(objectName, 'kcp: the APIExport through which the copy was made.'),
  uid: optional(
    z.string().min(1).max(64),
    'metadata.uid of a copy that leaves for good: nobody asks for a copy at this provider until it is gone.',
  ),
})
export type CopyStatus = z.infer<typeof copyStatusSchema>

const refusedSchema = z.object({
  ...offerNames,
  path: z.string().max(512).describe('The field below spec that was looked at; "" where it was none.'),
  rule: z.string().max(64),
  want: z.string().max(1024),
  got: z.string().max(1024),
})

/** Why an object was placed where it is: who accepted with which score, best first, and why the others did not. */
export const decisionRecordSchema = z.object({
  time: timeSchema,
  candidates: z
    .array(
      z.object({
        ...offerNames,
        score: z.int(),
        parts: optional(
          z.record(z.string(), z.int()).meta({ maxProperties: 64 }),
          'What the score is the sum of, where a PlacementPolicy prefers some: the weight of the offer, prefer[0] and so on by the terms that hold, and scores[0] and so on.',
        ),
      }),
    )
    .max(32)
    .meta(crd.atomic),
  refused: z.array(refusedSchema).max(32).meta(crd.atomic),
  refusedCount: z.int().min(0).describe('How many offers refused, those that refused does not list included.'),
  policy: optional(objectName, 'The PlacementPolicy that counts for the object.'),
})
export type DecisionRecord = z.infer<typeof decisionRecordSchema>

const immutable = (field: string) => ({
  rule: `self.${field} == oldSelf.${field}`,
  message: `${field} cannot be changed`,
})

/**
 * The record of a placement, and the one place that says which copies should exist. It has NO status subresource: the
 * budget is one write per placement, so one create carries spec and status.
 */
export const Assignment = defineKind({
  group: 'coord.broker.platform-mesh.io',
  version: 'v1alpha1',
  kind: 'Assignment',
  plural: 'assignments',
  shortNames: ['asgn'],
  description:
    'Records where one object of a consumer is placed and which copies of it should exist. There is no status subresource: one write carries spec and status.',
  statusSubresource: false,
  columns: [
    { name: 'Consumer', type: 'string', jsonPath: '.spec.consumerCluster' },
    { name: 'Resource', type: 'string', jsonPath: '.spec.gvr.resource' },
    { name: 'Namespace', type: 'string', jsonPath: '.spec.namespace' },
    { name: 'Name', type: 'string', jsonPath: '.spec.name' },
    { name: 'Provider', type: 'string', jsonPath: '.spec.providerCluster' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'AcceptAPI', type: 'string', jsonPath: '.spec.acceptAPIName', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec: z
    .object({
      consumerCluster: clusterName.describe('Cluster of the object that is placed.'),
      gvr: gvrSchema.describe('The version is the one that the broker reads the object in, and may change.'),
      namespace: optional(z.string().min(1).max(63), 'Absent for cluster-scoped objects.'),
      name: objectName,
      uid: z
        .string()
        .min(1)
        .max(64)
        .describe("metadata.uid of the consumer's object: another of the same name is another object."),
      providerCluster: clusterName.describe('The active provider.'),
      acceptAPIName: objectName.describe("The active provider's AcceptAPI that accepted the object."),
      copies: optional(
        z.array(specCopySchema).max(16).meta(crd.listMap('providerCluster')),
        'Copies that should exist besides the active one.',
      ),
    })
    .meta(
      crd.rules(
        ...['consumerCluster', 'gvr.group', 'gvr.resource', 'name'].map(immutable),
        {
          // `namespace` is a word of CEL, which Kubernetes escapes.
          rule: 'has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)',
          message: 'namespace cannot be changed',
        },
        {
          rule: "!has(self.copies) || !self.copies.exists(c, c.role == 'Incoming' && c.providerCluster == self.providerCluster)",
          message: 'the active provider cannot be the incoming one as well',
        },
      ),
    ),
  status: z.object({
    phase: z.enum(['Pending', 'Bound', 'Terminating']),
    apiExportName: optional(
      objectName,
      'kcp: the APIExport through which the active copy was made: the one that its AcceptAPI named then.',
    ),
    stagingWorkspace: optional(objectName, 'kcp: the StagingWorkspace that holds the active copy.'),
    servedFrom: optional(clusterName, 'The provider whose status and related objects the consumer has.'),
    copies: optional(z.array(copyStatusSchema).max(17).meta(crd.listMap('providerCluster'))),
    decision: optional(decisionRecordSchema, 'Why the object is where it is.'),
    conditions: optional(conditionsSchema),
  }),
})
export type Assignment = z.infer<typeof Assignment.schema>

/** Providers at which an Assignment asks for a copy, or has the record of one that nobody asks for any more; the active one first. */
export function providersOf({ spec, status }: Partial<Pick<Assignment, 'spec' | 'status'>>): Set<string> {
  const asked = spec === undefined ? [] : [spec, ...(spec.copies ?? [])]
  const named = [...asked, ...(status?.copies ?? [])]
  return new Set(named.map(({ providerCluster }) => providerCluster))
}

/** The AcceptAPI at which the copy of a provider has its place, also one that nobody asks for any more; undefined if the Assignment names none. */
export function offerAt({ spec, status }: Pick<Assignment, 'spec' | 'status'>, provider: string): string | undefined {
  const named = [spec, ...(spec.copies ?? []), ...(status?.copies ?? [])]
  return named.find(({ providerCluster }) => providerCluster === provider)?.acceptAPIName
}

/**
 * The APIExport of a provider through which the copy there was made or is to be, also of one that nobody asks for any more; undefined if
 * the Assignment names none.
 */
export function exportAt({ spec, status }: Pick<Assignment, 'spec' | 'status'>, provider: string): string | undefined {
  const isThere = ({ providerCluster }: { providerCluster: string }) => providerCluster === provider
  const asked = isThere(spec) ? status?.apiExportName : spec.copies?.find(isThere)?.apiExportName
  return asked ?? status?.copies?.find(isThere)?.apiExportName
}

/**
 * What to write for an edit of an Assignment's status. One that was restored from a backup may have none, which tools for backups leave
 * out, and its schema asks for a phase.
 */
export function statusEdit({ status }: Pick<Assignment, 'status'>, edit: object): object {
  return status === undefined ? { phase: 'Bound', ...edit } : edit
}

/** An Assignment without the reasons of its decision: they are for people, most of its size, and no service reads them. */
export function withoutDecision<T extends object>(assignment: T): T {
  const { status } = assignment as { status?: { decision?: unknown } }
  if (status?.decision === undefined) return assignment
  const { decision: _reasons, ...others } = status
  return { ...assignment, status: others }
}
