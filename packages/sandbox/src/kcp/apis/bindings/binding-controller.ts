import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import { CRD_STORAGE } from '../../../kube/crds/mod.ts'
import { deepEqual } from '../../../kube/json.ts'
import type { StoreEvent } from '../../../store/types.ts'
import { exportHash } from '../../hashes.ts'
import { EXPORT_LABEL } from '../../names.ts'
import type { ReplicatedChange, ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS, apiBindings } from '../system-types/mod.ts'
import type { ApiBinding, ApiExport } from '../types.ts'
import { bind } from './bind.ts'
import { type BindingContext, type Found, findExport } from './context.ts'
import { BINDING_FINALIZER, Releases } from './release.ts'
import { report, reportBeginning } from './report.ts'
import { WaitingBindings } from './waiting-bindings.ts'

/** Binds what APIBindings refer to, and removes it with its objects when they go (contract 5.4, 5.6). */
export function bindingController(
  services: ShardServices,
  bound: BoundTypes,
): { controller: Controller; stop: () => void } {
  const { store, log, cache } = services
  const bindings = new Bindings(services, bound, (key) => controller.enqueue(key))
  const controller: Controller = new Controller(store, log, {
    name: 'apibindings',
    triggers: [
      { resource: API_BINDINGS, keys: (event) => [keyOf(event.entry.key), ...freed(event, bindings.conflicting)] },
      { resource: CRD_STORAGE, keys: (event) => freed(event, bindings.conflicting) },
    ],
    reconcile: (key) => bindings.reconcile(key),
  })
  const lookAtConsumers = (exportCluster: string, exportName: string) => {
    for (const { cluster, binding } of bound.consumersOf(exportCluster, exportName)) {
      controller.enqueue(keyOf({ cluster, namespace: '', name: binding }))
    }
  }
  const ends = [
    cache.watch('apiexports.apis.kcp.io', (change) => {
      if (!concerns(change)) return
      lookAtConsumers(change.now.cluster, change.now.name)
      for (const key of bindings.lost.for(change.now.name)) controller.enqueue(key)
    }),
    cache.watch('apiresourceschemas.apis.kcp.io', ({ type, now }) => {
      if (type === 'MODIFIED') return
      for (const { name, object } of cache.list('apiexports.apis.kcp.io', now.cluster)) {
        if (offers(object as ApiExport, now.name)) lookAtConsumers(now.cluster, name)
      }
    }),
    () => bindings.close(),
  ]
  const stop = () => {
    for (const end of ends) end()
  }
  return { controller, stop }
}

/** The bindings of a shard, one of which is looked at by its key. */
class Bindings {
  /** By the name of an export that is not there, as its path may lead to another place later. */
  readonly lost = new WaitingBindings()
  /** By the logical cluster in which another has their types. */
  readonly conflicting = new WaitingBindings()
  readonly #services: ShardServices
  readonly #bound: BoundTypes
  readonly #releases: Releases

  constructor(services: ShardServices, bound: BoundTypes, again: (key: string) => void) {
    this.#services = services
    this.#bound = bound
    this.#releases = new Releases(again)
  }

  reconcile(key: string): undefined {
    const { cluster, name } = parseKey(key)
    const services = this.#services
    const client = services.clientIn(cluster)
    const context = { services, bound: this.#bound, client, cluster, name }
    const binding = client.get(apiBindings, '', name) as ApiBinding | undefined
    const isThere = binding !== undefined && binding.metadata.deletionTimestamp === undefined
    const { isLost, isConflicting } = isThere ? reconcile(context, binding) : NOTHING
    this.lost.set(key, isLost ? binding?.spec?.reference?.export?.name : undefined)
    this.conflicting.set(key, isConflicting ? cluster : undefined)
    if (binding === undefined) this.#releases.forget(key)
    else if (!isThere) this.#releases.release(key, context, binding)
    return undefined
  }

  close(): void {
    this.#releases.close()
  }
}

const NOTHING = { isLost: false, isConflicting: false }

/** Bindings that may have their types now that a binding or a definition is gone. */
function freed({ type, entry }: StoreEvent, conflicting: WaitingBindings): readonly string[] {
  return type === 'DELETED' ? conflicting.for(entry.key.cluster) : []
}

/** Conditions of an export are nothing to its bindings. */
function concerns({ type, now, previous }: ReplicatedChange): boolean {
  if (type !== 'MODIFIED') return true
  const [after, before] = [now.object as ApiExport, previous?.object as ApiExport | undefined]
  return after.status?.identityHash !== before?.status?.identityHash || !deepEqual(after.spec, before?.spec)
}

function offers({ spec }: ApiExport, schemaName: string): boolean {
  return (spec?.resources ?? []).some(({ schema }) => schema === schemaName)
}

function reconcile(context: BindingContext, binding: ApiBinding): { isLost: boolean; isConflicting: boolean } {
  const { client, name, services } = context
  const found = findExport(context, binding)
  prepare(context, found)
  const now = services.now()
  if (binding.status?.phase === undefined) {
    client.modify(apiBindings, '', name, (object) => reportBeginning(object as ApiBinding, now), 'status')
  }
  const outcome = bind(context, binding, found)
  client.modify(apiBindings, '', name, (object) => report(object as ApiBinding, found, outcome, now), 'status')
  const isConflicting = 'reason' in outcome && outcome.reason === 'NamingConflicts'
  return { isLost: found === undefined, isConflicting }
}

/** The finalizer, and the label by which the bindings of an export are found (contract 2.7). */
function prepare({ client, name }: BindingContext, found: Found | undefined): void {
  client.modify(apiBindings, '', name, ({ metadata }) => {
    const finalizers = metadata.finalizers ?? []
    if (!finalizers.includes(BINDING_FINALIZER)) metadata.finalizers = [...finalizers, BINDING_FINALIZER]
    if (found === undefined) return
    const hash = exportHash(found.exportCluster, found.exportName)
    metadata.labels = { ...metadata.labels, [EXPORT_LABEL]: hash }
  })
}
