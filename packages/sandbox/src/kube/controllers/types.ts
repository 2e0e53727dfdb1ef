import type { ObjectKey, StoreEvent } from '../../store/types.ts'

/** A change that a controller wants to hear of, and the keys that it has to look at then. */
export type Trigger<K extends string = string> = {
  /** `Resource.storage`, over all logical clusters of the shard; `*` for all types. */
  resource: string
  /** Without it, `keyOf` the object itself. */
  keys?: (event: StoreEvent) => Iterable<K>
}

/**
 * A loop in the manner of controller-runtime. Events only name keys. One key runs at a time, once however often it was
 * named meanwhile. A thrown error is logged and tried again with growing delay; a returned number asks for another
 * look after as many milliseconds.
 */
export type ControllerOptions = {
  name: string
  triggers: readonly Trigger[]
  reconcile: (key: string) => number | undefined | Promise<number | undefined>
}

/** `cluster|namespace|name`, which `parseKey` takes apart. */
export function keyOf({ cluster, namespace, name }: Omit<ObjectKey, 'resource'>): string {
  return `${cluster}|${namespace}|${name}`
}

/** Inverse of `keyOf`. */
export function parseKey(key: string): { cluster: string; namespace: string; name: string } {
  const [cluster = '', namespace = '', ...name] = key.split('|')
  // Names of RBAC objects may hold anything.
  return { cluster, namespace, name: name.join('|') }
}
