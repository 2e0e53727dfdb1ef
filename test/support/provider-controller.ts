import { setTimeout as delay } from 'node:timers/promises'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isConflict, isNotFound, isTransient, watchResource } from '@resource-broker/kube'
import type { Site } from './landscape.ts'

export const THING = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
export const THING_KIND = 'Thing.v1.test.platform-mesh.io'

/**
 * A provider's own operator, as small as one can be: makes each Thing Available at once, and where spec.secret is true a Secret
 * beside it. With spec.fail it says Failed, with spec.pending Provisioning. `worksMs` is how long it works on each.
 */
export function runThingController(
  site: Site,
  { withSecret = true, worksMs = 0 }: { withSecret?: boolean; worksMs?: number } = {},
): () => void {
  const stopping = new AbortController()
  const reconcile = async (object: KubeObject) => {
    const { name, namespace = 'default', deletionTimestamp, generation } = object.metadata
    if (
      deletionTimestamp !== undefined ||
      (object.status as { observedGeneration?: number } | undefined)?.observedGeneration === generation
    )
      return
    if (worksMs > 0) await delay(worksMs)
    const spec = (object.spec ?? {}) as Spec
    const secret = withSecret && spec.secret === true
    if (secret) await putSecret(site, namespace, `${name}-secret`, { from: `${site.name}/${String(spec.value)}` })
    const related = {
      secret: { namespace, name: `${name}-secret`, gvk: { group: 'core', version: 'v1', kind: 'Secret' } },
    }
    const status = {
      observedGeneration: generation,
      status: stateOf(spec),
      from: site.name,
      ...(secret ? { relatedResources: related } : {}),
    }
    await site.kube.mergePatch(
      { ...THING, namespace, name },
      { status },
      { subresource: 'status', fieldManager: 'thing-controller' },
    )
  }
  const watch = watchResource(
    site.kube,
    THING,
    {
      upsert: (object) => {
        reconcile(object as KubeObject).catch(async (error: unknown) => {
          if (isConflict(error)) return
          if (isNotFound(error)) return await removeSecret(site, object.metadata) // it was deleted meanwhile
          setTimeout(() => watch.restart(), 500).unref() // the API server is away: everything is looked at again
        })
      },
      delete: (gone) => removeSecret(site, gone),
    },
    { signal: stopping.signal },
  )
  return () => stopping.abort()
}

/** Until it is gone, however long the API server is away. */
async function removeSecret(
  site: Site,
  { namespace = 'default', name }: { namespace?: string; name: string },
): Promise<void> {
  const ref = { group: '', version: 'v1', resource: 'secrets', namespace, name: `${name}-secret` }
  await site.kube.delete(ref).catch(async (error: unknown) => {
    if (!isTransient(error)) return
    await delay(500, undefined, { ref: false })
    await removeSecret(site, { namespace, name })
  })
}

type Spec = { secret?: boolean; fail?: boolean; pending?: boolean; value?: unknown }

function stateOf({ fail, pending }: Spec): string {
  if (fail) return 'Failed'
  return pending ? 'Provisioning' : 'Available'
}

/** Creates or replaces a Secret with these strings. */
export async function putSecret(
  site: Site,
  namespace: string,
  name: string,
  content: Record<string, string>,
): Promise<void> {
  const ref = { group: '', version: 'v1', resource: 'secrets', namespace, name }
  const data = Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data }
  await site.kube.create(ref, body, { fieldManager: 'thing-controller' }).catch(async (error: unknown) => {
    if (!isAlreadyExists(error)) throw error
    await site.kube.replace(ref, body, { fieldManager: 'thing-controller' })
  })
}
