import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '@resource-broker/bus'
import {
  type BoundCluster,
  type Endpoint,
  type Gone,
  isAlreadyExists,
  isConflict,
  isNotFound,
  isTransient,
  type KubeClient,
  readKubeconfig,
  watchExport,
  watchResource,
} from '@resource-broker/kube'
import type { Site } from './landscape.ts'

export const THING = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
export const THING_KIND = 'Thing.v1.test.platform-mesh.io'

/** A provider that is behind an APIExport: `home` is its workspace, in which the slice is. */
export type ExportSite = { name: string; home: Endpoint; slice: string }

/** Where a Thing is: in the provider's own cluster, or in one that is bound to its export. */
type Place = Pick<BoundCluster, 'client' | 'signal' | 'restart'>

/**
 * A provider's own operator, as small as one can be: makes each Thing Available at once, and where spec.secret is true a Secret
 * beside it. With spec.fail it says Failed, with spec.pending Provisioning. `worksMs` is how long it works on each.
 */
export function runThingController(
  site: Pick<Site, 'name' | 'kube'> | ExportSite,
  options: { withSecret?: boolean; worksMs?: number } = {},
): () => void {
  const stopping = new AbortController()
  const { signal } = stopping
  const upsert = (object: object, place: Place) => {
    const { metadata } = object as KubeObject
    reconcile(object as KubeObject, site.name, place.client, options).catch(async (error: unknown) => {
      if (isConflict(error)) return
      if (isNotFound(error)) return await removeSecret(place, metadata) // it was deleted meanwhile
      setTimeout(() => place.restart(), 500).unref() // the API server is away: everything is looked at again
    })
  }
  if ('slice' in site) {
    const handler = { upsert, delete: (gone: Gone, place: Place) => removeSecret(place, gone) }
    watchExport(site.home, { ...THING, slice: site.slice }, handler, { signal })
  } else {
    const place: Place = { client: site.kube, signal, restart: () => watch.restart() }
    const handler = {
      upsert: (object: object) => upsert(object, place),
      delete: (gone: Gone) => removeSecret(place, gone),
    }
    const watch = watchResource(site.kube, THING, handler, { signal })
  }
  return () => stopping.abort()
}

/** The operator of a provider, which in a kcp finds the copies behind the provider's export. */
export async function operate(provider: Site, options: { worksMs?: number } = {}): Promise<() => void> {
  const { name, kubeconfig, exportName: slice } = provider
  if (slice === undefined) return runThingController(provider, options)
  return runThingController({ name, home: await readKubeconfig(kubeconfig), slice }, options)
}

async function reconcile(
  object: KubeObject,
  from: string,
  client: KubeClient,
  { withSecret = true, worksMs = 0 }: { withSecret?: boolean; worksMs?: number },
): Promise<void> {
  const { name, namespace = 'default', deletionTimestamp, generation } = object.metadata
  if (
    deletionTimestamp !== undefined ||
    (object.status as { observedGeneration?: number } | undefined)?.observedGeneration === generation
  )
    return
  if (worksMs > 0) await delay(worksMs)
  const spec = (object.spec ?? {}) as Spec
  const secret = withSecret && spec.secret === true
  if (secret) await putSecret({ kube: client }, namespace, `${name}-secret`, { from: `${from}/${String(spec.value)}` })
  const related = {
    secret: { namespace, name: `${name}-secret`, gvk: { group: 'core', version: 'v1', kind: 'Secret' } },
  }
  const status = {
    observedGeneration: generation,
    status: stateOf(spec),
    from,
    ...(secret ? { relatedResources: related } : {}),
  }
  await client.mergePatch(
    { ...THING, namespace, name },
    { status },
    { subresource: 'status', fieldManager: 'thing-controller' },
  )
}

/** Until it is gone, however long the API server is away. */
async function removeSecret(
  { client, signal }: Pick<Place, 'client' | 'signal'>,
  { namespace = 'default', name }: { namespace?: string; name: string },
): Promise<void> {
  const ref = { group: '', version: 'v1', resource: 'secrets', namespace, name: `${name}-secret` }
  await client.delete(ref).catch(async (error: unknown) => {
    if (!isTransient(error) || signal.aborted) return
    await delay(500, undefined, { ref: false })
    await removeSecret({ client, signal }, { namespace, name })
  })
}

type Spec = { secret?: boolean; fail?: boolean; pending?: boolean; value?: unknown }

function stateOf({ fail, pending }: Spec): string {
  if (fail) return 'Failed'
  return pending ? 'Provisioning' : 'Available'
}

/** Creates or replaces a Secret with these strings. */
export async function putSecret(
  { kube }: Pick<Site, 'kube'>,
  namespace: string,
  name: string,
  content: Record<string, string>,
): Promise<void> {
  const ref = { group: '', version: 'v1', resource: 'secrets', namespace, name }
  const data = Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data }
  await kube.create(ref, body, { fieldManager: 'thing-controller' }).catch(async (error: unknown) => {
    if (!isAlreadyExists(error)) throw error
    await kube.replace(ref, body, { fieldManager: 'thing-controller' })
  })
}
