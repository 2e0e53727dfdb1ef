import { type Assignment, annotations, exportAt, type Migration } from '@resource-broker/api'
import type { KeyView, KubeObject, SourceRef } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import type { CopySeen, Surroundings } from '../plan/step.ts'

/**
 * The two copies of a move with stages as they are known, as far as they are this very object's. Not heard of is not gone: the provider of
 * the old one is asked where it is not known.
 */
export async function copiesOf(
  { staging }: CoordinatorContext,
  { spec }: Migration,
  assignment: Assignment,
  view: KeyView,
): Promise<Surroundings['copies']> {
  if (spec.stages === undefined || spec.stages.length === 0) return {}
  const seen = ({ providerCluster }: { providerCluster: string }): CopySeen | undefined => {
    const { cluster = '', object, ours } = view.get('copy', providerCluster) ?? {}
    if (object === undefined || object === null) return undefined
    const isIts = ours === true || object.metadata.annotations?.[annotations.assignmentUID] === assignment.metadata.uid
    return isIts ? { cluster, object } : undefined
  }
  const [from, to] = [seen(spec.from), seen(spec.to)]
  const known = { ...(from && { from }), ...(to && { to }) }
  if (from !== undefined || staging === undefined) return known
  return (await isWithoutCopy(staging, assignment, spec.from.providerCluster)) ? { ...known, from: null } : known
}

/** Whether a provider says that it has no copy of an object; one that cannot be asked does not, and is asked again. */
export async function isWithoutCopy(
  staging: NonNullable<CoordinatorContext['staging']>,
  assignment: Assignment,
  provider: string,
): Promise<boolean> {
  try {
    return (await readCopy(staging, assignment, provider)) === undefined
  } catch (error) {
    if (error instanceof ClusterNotConnectedError) return false
    throw error
  }
}

/** A copy where it would be; undefined: there is none. @throws {ClusterNotConnectedError} while nobody can know */
async function readCopy(
  { destinations }: NonNullable<CoordinatorContext['staging']>,
  assignment: Assignment,
  provider: string,
): Promise<KubeObject | undefined> {
  const { consumerCluster: cluster, gvr, namespace, name } = assignment.spec
  const source: SourceRef = { cluster, gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  const there = destinations.find(source, provider, exportAt(assignment, provider))
  if (there === undefined) return undefined
  const ref = { ...gvr, name: there.nameOf(source), ...(namespace === undefined ? {} : { namespace }) }
  return await readIfThere<KubeObject>(there.client, ref, { metadataOnly: true })
}
