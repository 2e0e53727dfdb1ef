import { setImmediate } from 'node:timers/promises'
import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import { StatusError } from '../../../kube/errors.ts'
import { deepEqual } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import { PERMISSION_CLAIMS_APPLIED } from '../../condition-types.ts'
import { markFalse, markTrue } from '../../conditions.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS, apiBindings } from '../system-types/mod.ts'
import type { AcceptableClaim, ApiBinding, ApiExport } from '../types.ts'
import type { ClaimIndex } from './claim-index.ts'
import { relabel } from './claim-labels.ts'
import { claimProblem } from './claim-problem.ts'
import { claimedResources } from './claimed-resource.ts'
import { effectiveClaims } from './effective-claims.ts'

type Context = { services: ShardServices; bound: BoundTypes; index: ClaimIndex; client: LocalClient; cluster: string }

const VALID = 'PermissionClaimsValid'
/** Objects that are labelled before others have their turn. */
const BATCH = 100
/** Until what could not be labelled is tried again, in milliseconds. */
const RETRY_MS = 1_000

/** Labels what was there before it was claimed, and says on each binding which claims hold (contract 6.2, 6.6). */
export function claimController(
  services: ShardServices,
  bound: BoundTypes,
  index: ClaimIndex,
): { controller: Controller; stop: () => void } {
  const { store, log, cache, clientIn } = services
  /** Bindings with a claim on a type that is not known yet. */
  const unresolved = new Set<string>()
  const controller = new Controller(store, log, {
    name: 'permission-claims',
    triggers: [{ resource: API_BINDINGS }],
    async reconcile(key) {
      const { cluster, name } = parseKey(key)
      const context = { services, bound, index, client: clientIn(cluster), cluster }
      const { again, isResolved } = await reconcile(context, name)
      if (isResolved) unresolved.delete(key)
      else unresolved.add(key)
      return again
    },
  })
  const lookAgain = () => {
    for (const key of unresolved) controller.enqueue(key)
  }
  const ends = [
    cache.watch('apiexports.apis.kcp.io', ({ now }) => {
      for (const { cluster, binding } of bound.consumersOf(now.cluster, now.name)) {
        controller.enqueue(keyOf({ cluster, namespace: '', name: binding }))
      }
      lookAgain()
    }),
    cache.watch('apiresourceschemas.apis.kcp.io', lookAgain),
  ]
  return {
    controller,
    stop: () => {
      for (const end of ends) end()
    },
  }
}

const DONE = { isResolved: true }

/** `isResolved` is false where a claim is on a type that is not known yet. */
async function reconcile(context: Context, name: string): Promise<{ again?: number; isResolved: boolean }> {
  const { services, bound, index, client, cluster } = context
  const binding = client.get(apiBindings, '', name) as ApiBinding | undefined
  const [exportCluster, exportName] = [binding?.status?.apiExportClusterName, binding?.spec?.reference?.export?.name]
  if (binding === undefined || exportCluster === undefined || exportName === undefined) return DONE
  const apiExport = services.cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object as
    | ApiExport
    | undefined
  client.modify(apiBindings, '', name, (object) => relabel(object, index.labelsFor(cluster, apiBindings, object)))
  const isGoing = binding.metadata.deletionTimestamp !== undefined
  // Without the export nothing changes any more (contract 5.4), other than that the binding may go.
  if (apiExport === undefined && !isGoing) return DONE
  const claims = isGoing || apiExport === undefined ? [] : acceptedClaims(apiExport, binding)
  const isKnown = (claim: AcceptableClaim) => claimedResources(services, bound, claim).length > 0
  const [known, unknown] = [claims.filter(isKnown), claims.filter((claim) => !isKnown(claim))]
  const before = binding.status?.appliedPermissionClaims ?? []
  const failures = deepEqual(written(before), written(known)) ? [] : await labelAll(context, [...before, ...known])
  // What could not be labelled is tried again, which what is written here decides.
  const applied = failures.length > 0 ? before : known
  const problem = apiExport && claimProblem(apiExport, binding, unknown)
  const report = (object: KubeObject) => {
    object['status'] = { ...(object['status'] as object), appliedPermissionClaims: written(applied) }
    // Who removes the binding waits for this.
    if (!isGoing) markClaims(object, problem, [...unresolvedClaims(unknown), ...failures], services.now())
  }
  client.modify(apiBindings, '', name, report, 'status')
  return { isResolved: unknown.length === 0, ...(failures.length > 0 && { again: RETRY_MS }) }
}

function acceptedClaims(apiExport: ApiExport, binding: ApiBinding): AcceptableClaim[] {
  return effectiveClaims(apiExport, binding).map(({ verbs, ...claim }) => ({ ...claim, verbs: [...verbs] }))
}

function unresolvedClaims(claims: readonly AcceptableClaim[]): string[] {
  return claims.map(({ group = '', resource }) => `${resource}.${group} cannot be resolved`)
}

function markClaims(
  object: KubeObject,
  problem: ReturnType<typeof claimProblem>,
  failures: readonly string[],
  now: Date,
): void {
  if (problem === undefined) markTrue(object, VALID, now)
  else markFalse(object, VALID, problem, now)
  const message = `${failures.length} claims or objects, the first: ${failures[0]}`
  if (failures.length === 0) markTrue(object, PERMISSION_CLAIMS_APPLIED, now)
  else markFalse(object, PERMISSION_CLAIMS_APPLIED, { severity: 'Error', reason: 'InternalError', message }, now)
}

/** Labels what is there of the claimed types, a few at a time; answers what failed. */
async function labelAll(
  { services, bound, index, client, cluster }: Context,
  claims: readonly AcceptableClaim[],
): Promise<string[]> {
  const failures: string[] = []
  let count = 0
  for (const resource of new Set(claims.flatMap((claim) => claimedResources(services, bound, claim)))) {
    if (resource.strategy.review !== undefined) continue
    const change = (object: KubeObject) => relabel(object, index.labelsFor(cluster, resource, object))
    for (const { metadata } of client.list(resource)) {
      if (++count % BATCH === 0) await setImmediate()
      try {
        client.modify(resource, metadata.namespace ?? '', metadata.name ?? '', change)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        failures.push(error.message)
      }
    }
  }
  return failures
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
