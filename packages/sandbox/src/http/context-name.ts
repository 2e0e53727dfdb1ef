/** The contexts of an admin.kubeconfig (contract 12.2). */
export type ContextName = 'root' | 'base' | 'system:admin' | 'shard-base'
