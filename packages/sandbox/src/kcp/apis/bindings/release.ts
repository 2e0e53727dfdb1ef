import { countRemaining, describeFinalizers, describeRemaining, type Remaining } from '../../../kube/controllers/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import type { Resource } from '../../../kube/resource.ts'
import { markFalse, type Severity } from '../../conditions.ts'
import { API_BINDINGS, apiBindings } from '../system-types/mod.ts'
import type { ApiBinding } from '../types.ts'
import type { BindingContext } from './context.ts'
import { hold } from './locks.ts'
import { retentionsOf } from './retention.ts'

/** On an APIBinding, until the objects of its types are gone. */
export const BINDING_FINALIZER = 'apis.kcp.io/apibinding-finalizer'

/** Removes bindings with the objects of their types (contract 5.6). */
export class Releases {
  readonly #again: (key: string) => void
  /** What is followed until the objects of a binding are gone. */
  readonly #ends = new Map<string, (() => void)[]>()

  /** `again` is called with the key of a binding when it should be looked at once more. */
  constructor(again: (key: string) => void) {
    this.#again = again
  }

  /**
   * Deletes the objects of the bound types that nobody takes over; the binding goes after they are gone and no label tells of its
   * claims any more.
   */
  release(key: string, context: BindingContext, binding: ApiBinding): void {
    const { client, name, services } = context
    const types = typesOf(context)
    const retention = retentionsOf(context, binding)
    const removed = types.filter((resource) => retention(resource) === undefined)
    const left = removed.flatMap((resource) => removeAll(client, resource))
    const waiting = types.filter((resource) => retention(resource) === 'waiting')
    const kept = waiting.flatMap((resource) => remainingOf(client, resource))
    if (left.length + kept.length > 0) {
      this.#follow(key, context, types)
      client.modify(apiBindings, '', name, (object) => reportLeft(object, { left, kept }, services.now()), 'status')
      return
    }
    this.forget(key)
    // Who takes off the labels changes this, which is looked at again.
    if ((binding.status?.appliedPermissionClaims ?? []).length > 0) return
    hold(client, name, [])
    client.modify(apiBindings, '', name, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== BINDING_FINALIZER)
    })
  }

  /** Follows the objects of a binding no longer. */
  forget(key: string): void {
    for (const end of this.#ends.get(key) ?? []) end()
    this.#ends.delete(key)
  }

  close(): void {
    for (const key of [...this.#ends.keys()]) this.forget(key)
  }

  /** Another binding may become a successor. */
  #follow(key: string, { services: { store }, cluster }: BindingContext, types: readonly Resource[]): void {
    if (this.#ends.has(key)) return
    const ends = [API_BINDINGS, ...types.map(({ storage }) => storage)].map((resource) =>
      store.watch({ resource, cluster }, store.revision, () => this.#again(key)),
    )
    this.#ends.set(key, ends)
  }
}

function typesOf({ bound, cluster, name }: BindingContext): readonly Resource[] {
  return [...bound.in(cluster)].find(({ binding }) => binding === name)?.resources ?? []
}

/** Deletes all objects of a type; answers those that stay for a while. */
function removeAll(client: LocalClient, resource: Resource): Remaining[] {
  for (const { metadata } of client.list(resource)) {
    const { namespace = '', name = '', deletionTimestamp } = metadata
    if (deletionTimestamp !== undefined) continue
    client.delete(resource, namespace, name, { propagationPolicy: 'Background' })
  }
  return remainingOf(client, resource)
}

function remainingOf(client: LocalClient, resource: Resource): Remaining[] {
  const objects = client.list(resource)
  return objects.length === 0 ? [] : [{ resource, objects }]
}

type Rest = { left: readonly Remaining[]; kept: readonly Remaining[] }

/** What is left and what is kept for a successor, in the words of kcp. */
function reportLeft(binding: KubeObject, { left, kept }: Rest, now: Date): void {
  const why = describe(left, kept)
  markFalse(binding, 'BindingResourceDeleteSuccess', why, now)
}

function describe(left: Rest['left'], kept: Rest['kept']): { severity: Severity; reason: string; message: string } {
  const finalizers = describeFinalizers(left)
  if (finalizers !== undefined) {
    const message = `Some content in the workspace has finalizers remaining: ${finalizers}`
    return { severity: 'Error', reason: 'SomeFinalizersRemain', message }
  }
  if (kept.length > 0) {
    const why = 'Per deletionPolicy=WaitForSuccessor, instances are kept until a successor APIBinding adopts them'
    return { severity: 'Info', reason: 'WaitingForSuccessor', message: `${why}: ${countRemaining(kept)}` }
  }
  return { severity: 'Error', reason: 'SomeResourcesRemain', message: describeRemaining(left) }
}
