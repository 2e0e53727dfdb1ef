/** `Resource.storage` of a type that kcp itself serves in every logical cluster, such as LogicalClusters. */
export function systemStorage(group: string, resource: string): string {
  return `${resource}.${group}`
}

/**
 * `Resource.storage` of a type that is bound from an export: objects are shared by all bindings to one identity, and by nothing
 * else, so the same group and resource of two exports do not meet.
 */
export function boundStorage(group: string, resource: string, identity: string): string {
  return `${resource}.${group}:${identity}`
}
