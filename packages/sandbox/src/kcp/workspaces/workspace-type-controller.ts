import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { markTrue, summarize } from '../conditions.ts'
import { TENANCY } from '../names.ts'
import type { ShardServices } from '../services.ts'
import { boundStorage } from '../storage.ts'
import { stepUrlAt } from '../virtual-urls.ts'

const URLS_READY = 'VirtualWorkspaceURLsReady'
const KINDS = ['initializing', 'terminating'] as const

/** Says in each WorkspaceType where its initializer and its terminator work, on every shard (contract 4.2). */
export function workspaceTypeController(services: ShardServices): { controller: Controller; stop: () => void } {
  const identity = services.identities.get(TENANCY)!
  const storage = boundStorage(TENANCY, 'workspacetypes', identity)
  const controller = new Controller(services.store, services.log, {
    name: 'workspacetypes',
    triggers: [{ resource: storage }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const resource = services.catalog().find(cluster, TENANCY, 'workspacetypes', identity)
      if (resource === undefined) return undefined
      const urls = virtualWorkspaces(services, `${cluster}:${name}`)
      const change = (object: KubeObject) => {
        object['status'] = { ...(object['status'] as object | undefined), virtualWorkspaces: urls }
        markTrue(object, URLS_READY, services.now())
        summarize(object, [URLS_READY], services.now())
      }
      services.clientIn(cluster).modify(resource, '', name, change, 'status')
      return undefined
    },
  })
  const stop = services.cache.watch('shards.core.kcp.io', () => {
    for (const { key } of services.store.list({ resource: storage }).entries) controller.enqueue(keyOf(key))
  })
  return { controller, stop }
}

function virtualWorkspaces({ cache }: ShardServices, step: string): { url: string; type: string }[] {
  const bases = cache.list('shards.core.kcp.io').map(({ object }) => baseOf(object))
  return bases.sort().flatMap((base) => KINDS.map((type) => ({ url: stepUrlAt(base, type, step), type })))
}

function baseOf(shard: KubeObject): string {
  const { virtualWorkspaceURL, baseURL = '' } = (shard['spec'] ?? {}) as {
    virtualWorkspaceURL?: string
    baseURL?: string
  }
  return virtualWorkspaceURL ?? baseURL
}
