import { copiesExportName } from '@resource-broker/api'
import { isTrue } from '@resource-broker/kube'
import { BINDINGS } from '@resource-broker/service'
import { bindProvider, ensureCopiesExport, notesOf } from '../bindings.ts'
import type { ProvisionerContext, Wanted } from '../context.ts'

/** Proves that a provider's export can be bound by binding it in a workspace of its own, as far as that goes now. */
export async function verify(context: ProvisionerContext, wanted: Wanted): Promise<void> {
  const tree = context.trees.verification
  const cluster = tree.readyCluster(wanted.name)
  if (tree.get(wanted.name) === undefined) {
    return await tree.create(wanted.name, context.fence, notesOf(wanted))
  }
  if (cluster === undefined) return // its watch tells
  const { staging } = context.clusters.kcp
  const inside = staging.inside(cluster)?.under(context.fence)
  if (inside === undefined) return // it is bound to the broker's export by its type, and shows then
  const trial = staging.named(wanted.name)
  if (trial === undefined) return await bindProvider({ client: inside }, wanted)
  const binding = trial.bindings.get(BINDINGS.provider)
  if (binding === undefined || !isTrue(binding, 'Ready')) return
  await ensureCopiesExport(context, trial)
  context.logger.debug({ ...wanted, export: copiesExportName(wanted) }, 'export verified')
}
