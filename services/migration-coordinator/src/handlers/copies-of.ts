import { type Assignment, annotations, exportAt, type Migration } from '@resource-broker/api'
import type { KeyView, KubeObject, SourceRef } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { hasStagesLeft } from '../plan/stages/run-stages.ts'
import type { CopySeen, Surroundings } from '../plan/step.ts'

/**
 * The two copies of a move with stages as they are known, as far as they are this very object's. There is none at a provider that will not
 * come back.
 */
export async function copiesOf(
  context: CoordinatorContext,
  migration: Migration,
  assignment: Assignment,
  view: KeyView,
): Promise<Surroundings['copies']> {
  if (!hasStagesLeft(migration)) return {} // nothing else goes by them
  const { spec } = migration
  const seen = ({ providerCluster }: { providerCluster: string }): CopySeen | undefined => {
    const { cluster = '', object, ours } = view.get('copy', providerCluster) ?? {}
    if (object === undefined || object === null) return undefined
    const isIts = ours === true || object.metadata.annotations?.[annotations.assignmentUID] === assignment.metadata.uid
    return isIts ? { cluster, object } : undefined
  }
  const { providerCluster } = spec.from
  const [from, to] = [isLost(context, providerCluster) ? undefined : seen(spec.from), seen(spec.to)]
  const known = { ...(from && { from }), ...(to && { to }) }
  if (from !== undefined) return known
  return (await isMissing(context, assignment, providerCluster, view)) ? { ...known, from: null } : known
}

/**
 * Whether the old copy was never made, or is gone: not heard of is not gone. The provider is asked where the broker can; else what was seen
 * last counts, and that nothing was ever recorded there or served.
 */
export async function isMissing(
  context: CoordinatorContext,
  assignment: Assignment | undefined,
  provider: string,
  view: KeyView,
): Promise<boolean> {
  if (assignment === undefined) return false
  if (isLost(context, provider)) return true
  if (context.staging !== undefined) return await isWithoutCopy(context.staging, assignment, provider)
  if (view.get('copy', provider)?.object === null) return true
  const { servedFrom, copies = [] } = assignment.status ?? {}
  return servedFrom === undefined && !copies.some(({ providerCluster }) => providerCluster === provider)
}

/** Whether the platform says that a provider will not come back; who runs no stages has no word of providers. */
const isLost = ({ staging }: CoordinatorContext, provider: string): boolean =>
  staging?.providers.presence(provider).state === 'lost'

/** Whether a provider says that it has no copy of an object; one that cannot be asked does not, and is asked again. */
async function isWithoutCopy(
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
