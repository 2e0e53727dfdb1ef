import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import { deepEqual } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import { markFalse, markTrue } from '../../conditions.ts'
import type { ShardServices } from '../../shards/types.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS, apiBindings } from '../system-types.ts'
import type { AcceptableClaim, ApiBinding, ApiExport } from '../types.ts'
import type { ClaimIndex } from './claim-index.ts'
import { relabel } from './claim-labels.ts'
import { claimProblem } from './claim-problem.ts'
import { claimedResources } from './claimed-resource.ts'
import { effectiveClaims } from './effective-claims.ts'

type Context = { services: ShardServices; bound: BoundTypes; index: ClaimIndex; client: LocalClient; cluster: string }

const APPLIED = 'PermissionClaimsApplied'
const VALID = 'PermissionClaimsValid'

/** Labels what was there before it was claimed, and says on each binding which claims hold (contract 6.2, 6.6). */
export function claimController(
  services: ShardServices,
  bound: BoundTypes,
  index: ClaimIndex,
): { controller: Controller; stop: () => void } {
  const { store, log, cache, shard, clientAt } = services
  /** Bindings with a claim on a type that is not known yet. */
  const unresolved = new Set<string>()
  const controller = new Controller(store, log, {
    name: 'permission-claims',
    triggers: [{ resource: API_BINDINGS }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const context = { services, bound, index, client: clientAt(shard.name, cluster), cluster }
      if (reconcile(context, name)) unresolved.delete(key)
      else unresolved.add(key)
      return undefined
    },
  })
  const stop = cache.watch('apiexports.apis.kcp.io', ({ now }) => {
    for (const { cluster, binding } of bound.consumersOf(now.cluster, now.name)) {
      controller.enqueue(keyOf({ cluster, namespace: '', name: binding }))
    }
    for (const key of unresolved) controller.enqueue(key)
  })
  return { controller, stop }
}

/** False where a claim is on a type that is not known yet. */
function reconcile({ services, bound, index, client, cluster }: Context, name: string): boolean {
  const binding = client.get(apiBindings, '', name) as ApiBinding | undefined
  const [exportCluster, exportName] = [binding?.status?.apiExportClusterName, binding?.spec?.reference?.export?.name]
  if (binding === undefined || exportCluster === undefined || exportName === undefined) return true
  const apiExport = services.cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object as
    | ApiExport
    | undefined
  client.modify(apiBindings, '', name, (object) => relabel(object, index.labelsFor(cluster, apiBindings, object)))
  const isGoing = binding.metadata.deletionTimestamp !== undefined
  // Without the export nothing changes any more (contract 5.4), other than that the binding may go.
  if (apiExport === undefined && !isGoing) return true
  const claims: AcceptableClaim[] =
    isGoing || apiExport === undefined
      ? []
      : effectiveClaims(apiExport, binding).map(({ verbs, ...claim }) => ({ ...claim, verbs: [...verbs] }))
  const before = binding.status?.appliedPermissionClaims ?? []
  const unknown = claims.filter((claim) => claimedResources(services, bound, claim).length === 0)
  if (!deepEqual(written(before), written(claims))) {
    for (const claim of [...before, ...claims]) label({ services, bound, index, client, cluster }, claim)
  }
  const now = services.now()
  const problem = apiExport && claimProblem(apiExport, binding, unknown)
  const change = (object: KubeObject) => {
    object['status'] = { ...(object['status'] as object), appliedPermissionClaims: written(claims) }
    // Who removes the binding waits for this.
    if (isGoing) return
    if (problem === undefined) markTrue(object, VALID, now)
    else markFalse(object, VALID, problem, now)
    markTrue(object, APPLIED, now)
  }
  client.modify(apiBindings, '', name, change, 'status')
  return unknown.length === 0
}

function label({ services, bound, index, client, cluster }: Context, claim: AcceptableClaim): void {
  for (const resource of claimedResources(services, bound, claim)) {
    if (resource.strategy.review !== undefined) continue
    for (const { metadata } of client.list(resource)) {
      const change = (object: KubeObject) => relabel(object, index.labelsFor(cluster, resource, object))
      client.modify(resource, metadata.namespace ?? '', metadata.name ?? '', change)
    }
  }
}

/** Without what is empty, as claims are written. */
function written(claims: readonly AcceptableClaim[]): AcceptableClaim[] {
  return claims.map(({ group = '', resource, verbs, identityHash = '', selector }) => ({
    ...(group !== '' && { group }),
    resource,
    verbs,
    ...(identityHash !== '' && { identityHash }),
    ...(selector !== undefined && { selector }),
  }))
}
