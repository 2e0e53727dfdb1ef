import type { KubeObject } from '@resource-broker/bus'
import { watchResource } from '@resource-broker/kube'
import type { Site } from './landscape.ts'

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' }
/** What tests have in namespaces that go. */
const CONTENTS = ['configmaps', 'secrets']
/** For an API server that is away. */
const AGAIN_MS = 500

/** Empties and ends the namespaces that are deleted at a control plane, which has no controller for that, until what it answers is called. */
export function runNamespaceController(site: Site): () => void {
  const stopping = new AbortController()
  const upsert = (object: object) => {
    const namespace = object as KubeObject
    if (namespace.metadata.deletionTimestamp === undefined) return
    // What is gone already is not listed again.
    end(site, namespace).catch(() => void setTimeout(() => watch.restart(), AGAIN_MS).unref())
  }
  const watch = watchResource(site.kube, NAMESPACES, { upsert, delete: () => undefined }, { signal: stopping.signal })
  return () => stopping.abort()
}

async function end({ client }: Site, namespace: KubeObject): Promise<void> {
  const path = `/api/v1/namespaces/${namespace.metadata.name}`
  for (const resource of CONTENTS) await client.json('DELETE', `${path}/${resource}`)
  await client.json('PUT', `${path}/finalize`, { ...namespace, spec: { finalizers: [] } })
}
