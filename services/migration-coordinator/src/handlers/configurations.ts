import { conditionTypes, type Migration, MigrationConfiguration, sameStatus, setCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { CoordinatorContext } from '../context.ts'

type Gvk = { group: string; version: string; kind: string }

/**
 * The name of a MigrationConfiguration with stages for these kinds, if there is one. It must not be passed over, its stages may
 * carry the data; so long as no stage can be run, its condition says so.
 */
export async function matchingConfiguration(
  context: CoordinatorContext,
  { spec }: Migration,
): Promise<string | undefined> {
  const configurations = await context.coordination.list<KubeObject>({ ...MigrationConfiguration.resource })
  for (const item of configurations.items) {
    const parsed = MigrationConfiguration.parse(item)
    if (!parsed.ok || (parsed.value.spec.stages ?? []).length === 0) continue
    const { from, to } = parsed.value.spec
    if (!sameKind(from, spec.from.gvk) || !sameKind(to, spec.to.gvk)) continue
    await report(context, parsed.value)
    return parsed.value.metadata.name
  }
  return undefined
}

async function report(context: CoordinatorContext, { metadata, status }: MigrationConfiguration): Promise<void> {
  const message =
    'this version cannot run stages: Migrations between these kinds wait until the configuration is deleted'
  const next = { type: conditionTypes.ready, status: 'False' as const, reason: 'StagesNotSupported', message }
  const conditions = setCondition(status?.conditions, next, context.now())
  if (sameStatus(conditions, status?.conditions)) return
  const patch = { metadata: { resourceVersion: metadata.resourceVersion }, status: { conditions } }
  await context.coordination.mergePatch({ ...MigrationConfiguration.resource, name: metadata.name }, patch, {
    subresource: 'status',
  })
}

function sameKind(a: Gvk, b: Gvk): boolean {
  return a.group === b.group && a.version === b.version && a.kind === b.kind
}
