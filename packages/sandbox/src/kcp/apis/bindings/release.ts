import { describeFinalizers, describeRemaining, type Remaining } from '../../../kube/controllers/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import type { Resource } from '../../../kube/resource.ts'
import { markFalse } from '../../conditions.ts'
import { apiBindings } from '../system-types.ts'
import type { ApiBinding } from '../types.ts'
import type { BindingContext } from './context.ts'
import { hold } from './locks.ts'

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

  /** Deletes all objects of the bound types; the binding goes after they are gone and no label tells of its claims any more. */
  release(key: string, context: BindingContext, { status }: ApiBinding): void {
    const { client, name, services } = context
    const types = typesOf(context)
    const left = types.flatMap((resource) => removeAll(client, resource))
    if (left.length > 0) {
      this.#follow(key, context, types)
      client.modify(apiBindings, '', name, (object) => reportLeft(object, left, services.now()), 'status')
      return
    }
    this.forget(key)
    // Who takes off the labels changes this, which is looked at again.
    if ((status?.appliedPermissionClaims ?? []).length > 0) return
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

  #follow(key: string, { services: { store }, cluster }: BindingContext, types: readonly Resource[]): void {
    if (this.#ends.has(key)) return
    const ends = types.map(({ storage }) =>
      store.watch({ resource: storage, cluster }, store.revision, () => this.#again(key)),
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
  const objects = client.list(resource)
  return objects.length === 0 ? [] : [{ resource, objects }]
}

/** What is left, in the words of kcp. */
function reportLeft(binding: KubeObject, left: readonly Remaining[], now: Date): void {
  const waiting = describeFinalizers(left)
  const why =
    waiting === undefined
      ? { reason: 'SomeResourcesRemain', message: describeRemaining(left) }
      : {
          reason: 'SomeFinalizersRemain',
          message: `Some content in the workspace has finalizers remaining: ${waiting}`,
        }
  markFalse(binding, 'BindingResourceDeleteSuccess', { severity: 'Error', ...why }, now)
}
