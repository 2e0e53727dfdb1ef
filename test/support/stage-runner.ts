import { labels } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isConflict, isNotFound, watchResource } from '@resource-broker/kube'
import { ENGINE, type Site } from './landscape.ts'
import { runNamespaceController } from './namespace-controller.ts'

const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps' } as const
/** For an API server that is away. */
const AGAIN_MS = 500

type Deployed = KubeObject & { data?: Record<string, string> }

/** What the ConfigMap of a stage has as soon as its work is done, or came to nothing: `has(KEY.data.done)`, `has(KEY.data.failed)`. */
type Outcome = 'done' | 'failed'

/**
 * Does at a compute cluster what the ConfigMaps stand for that stages of moves deploy, and what a control plane has no controllers for, until
 * what it answers is called. `outcome` says what becomes of each.
 */
export function runStages(site: Site, outcome: () => Outcome = () => 'done'): () => void {
  const stopping = new AbortController()
  const work = async ({ metadata: { namespace = '', name, uid }, data = {} }: Deployed): Promise<void> => {
    if ('done' in data || 'failed' in data) return
    const patch = { metadata: { uid }, data: { [outcome()]: 'true' } }
    await site.kube.mergePatch({ ...CONFIG_MAPS, namespace, name }, patch)
  }
  const upsert = (object: object) => {
    work(object as Deployed).catch((error: unknown) => {
      if (isNotFound(error) || isConflict(error)) return // its stage was over before
      setTimeout(() => watch.restart(), AGAIN_MS).unref()
    })
  }
  const options = { ...CONFIG_MAPS, labelSelector: labels.migrationStage }
  const watch = watchResource(site.kube, options, { upsert, delete: () => undefined }, { signal: stopping.signal })
  const stopNamespaces = ENGINE === 'clusters' ? runNamespaceController(site) : () => undefined
  return () => {
    stopping.abort()
    stopNamespaces()
  }
}
