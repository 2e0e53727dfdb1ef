import { StatusError } from '../../../kube/errors.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { type ApiServer, createApiServer } from '../../../kube/requests/mod.ts'
import type { AdmissionPlugin, Restriction } from '../../../kube/requests/types.ts'
import type { Catalog, Resource, ResourceVersion, Verb } from '../../../kube/resource.ts'
import { invalid } from '../../../kube/schema/field-errors.ts'
import { LOGICAL_CLUSTERS, logicalClusters } from '../../clusters/mod.ts'
import { CLUSTER_ANNOTATION, CORE, WILDCARD } from '../../names.ts'
import { type StepKind, stepsLeft, waitsForStep } from '../../workspaces/mod.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'

const READ: readonly Verb[] = ['get', 'list', 'watch']

/** LogicalClusters as who does a step sees them: to be read, and their status to be changed (contract 8.1, 8.2). */
const readable: Resource = { ...logicalClusters, verbs: READ }
/** As discovery over all logical clusters has them: without verbs of the status, hashed for no logical cluster (contract 8.5). */
const discovered: Resource = {
  ...readable,
  versions: new Map([...readable.versions].map(([name, version]) => [name, withoutStatus(version)])),
  storageApiVersion: `/${CORE}/${readable.storageVersion}`,
  subresources: [{ name: 'status', group: CORE, version: readable.storageVersion, kind: readable.kind, verbs: [] }],
}
const catalog: Catalog = {
  list: (cluster) => [cluster === WILDCARD ? discovered : readable],
  find: (_cluster, group, resource) =>
    group === readable.group && resource === readable.resource ? readable : undefined,
  generation: () => 0,
}

function withoutStatus(version: ResourceVersion): ResourceVersion {
  const { name, served, columns, selectableFields } = version
  return {
    ...{ name, served, status: false, columns, selectableFields },
    // Compiled when it is asked for.
    get schema() {
      return version.schema
    },
  }
}

/** The LogicalClusters that wait for one step. */
export function logicalClusterView(
  { services, admission }: VirtualWorkspaceOptions,
  kind: StepKind,
  step: string,
): ApiServer {
  const { store, now, log } = services
  return createApiServer({
    ...{ store, now, log, catalog, clusterAnnotation: CLUSTER_ANNOTATION },
    // Who may come here was asked before.
    authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
    admission: [ownStepOnly(kind, step), ...admission],
  })
}

/** One that does not wait any more is gone, for this step. */
export function waitingFor(kind: StepKind, step: string): Restriction {
  return { matches: (object: KubeObject) => waitsForStep(kind, object, step) }
}

/** A change must take away exactly the own step. */
function ownStepOnly(kind: StepKind, step: string): AdmissionPlugin {
  return {
    name: 'tenancy.kcp.io/OwnStep',
    validate({ resource, object, old, name }) {
      if (resource.storage !== LOGICAL_CLUSTERS || object === undefined || old === undefined) return
      const [before, after] = [stepsLeft(kind, old), stepsLeft(kind, object)]
      if (before.length - after.length === 1 && !after.includes(step)) return
      const detail = `only removing the "${step}" ${kind.name} is supported`
      const error = invalid(`status.${kind.name}s`, after, detail)
      throw StatusError.invalid(resource.group, resource.kind, name, [error])
    },
  }
}
