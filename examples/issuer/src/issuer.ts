import {
  type Endpoint,
  type ExportWatchEvent,
  isConflict,
  isNotFound,
  type KubeClient,
  Retries,
  watchExport,
  watchResource,
} from '@resource-broker/kube'
import type { Authority } from './authority.ts'

type Certificate = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace: string; uid: string; generation: number; deletionTimestamp?: string }
  spec: { fqdn: string }
  status?: { observedGeneration?: number }
}

/** One cluster; or all logical clusters that are bound to an APIExport, which an endpoint slice in the workspace `home` leads to. */
export type Served = { client: KubeClient } | { home: Endpoint; slice: string }

type Options = { served: Served; authority: Authority; say: (text: string) => void; signal: AbortSignal }

/** Where a Certificate is, whether it is the only cluster or one of many. `signal` aborts when nothing is to be done there any more. */
type Place = { cluster?: string; client: KubeClient; signal: AbortSignal }
type Named = { namespace?: string; name: string }

const CERTIFICATES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets' }
const FIELD_MANAGER = 'example-issuer'

/** Issues what is asked for, and again when the name changes; resolves when `signal` aborts. */
export async function runIssuer({ served, authority, say, signal }: Options): Promise<void> {
  const retries = new Retries({
    failed: (key, error, ms) => say(`${key}: ${(error as Error).message}; trying again in ${Math.round(ms / 1000)} s`),
  })
  const upsert = (object: object, place: Place) => {
    const certificate = object as Certificate
    return retries.run(
      nameOf(certificate.metadata, place),
      () => reconcile(certificate, place, authority, say),
      place.signal,
    )
  }
  // The Secret belongs to the Certificate and is collected with it.
  const forget = (gone: Named, place: Place) => retries.drop(nameOf(gone, place))
  if ('client' in served) {
    const place = { client: served.client, signal }
    const handler = { upsert: (object: object) => upsert(object, place), delete: (gone: Named) => forget(gone, place) }
    await watchResource(served.client, CERTIFICATES, handler, { signal }).ended
  } else {
    const report = (event: ExportWatchEvent) => tellOf(event, say)
    const options = { ...CERTIFICATES, slice: served.slice }
    await watchExport(served.home, options, { upsert, delete: forget, report }, { signal }).ended
  }
}

async function reconcile(
  certificate: Certificate,
  { client, ...place }: Place,
  authority: Authority,
  say: (text: string) => void,
): Promise<void> {
  const { metadata, spec, status } = certificate
  if (metadata.deletionTimestamp !== undefined || status?.observedGeneration === metadata.generation) return
  const { name, namespace, generation } = metadata
  const report = async (told: object, text: string) => {
    const patch = { metadata: { uid: metadata.uid }, status: { observedGeneration: generation, ...told } }
    const options = { subresource: 'status', fieldManager: FIELD_MANAGER } as const
    try {
      await client.mergePatch({ ...CERTIFICATES, namespace, name }, patch, options)
      say(`${nameOf(metadata, place)}: ${text}`)
    } catch (error) {
      // It went, or is another one by now, which the watch tells.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
  try {
    const secretName = await writeSecret(client, authority, certificate)
    const secret = { namespace, name: secretName, gvk: { group: 'core', version: 'v1', kind: 'Secret' } }
    await report({ status: 'Available', message: null, relatedResources: { secret } }, `issued for ${spec.fqdn}`)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    await report({ status: 'Failed', message: error.message }, error.message)
  }
}

async function writeSecret(client: KubeClient, authority: Authority, certificate: Certificate): Promise<string> {
  const { apiVersion, kind, metadata, spec } = certificate
  const issued = await authority.issue(spec.fqdn)
  const name = `${metadata.name}-tls`
  const data = { 'tls.crt': issued.certificate, 'tls.key': issued.key, 'ca.crt': issued.authority }
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }
  const { namespace } = metadata
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ownerReferences: [owner] },
    type: 'kubernetes.io/tls',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  }
  await client.apply({ ...SECRETS, namespace, name }, secret, { fieldManager: FIELD_MANAGER, force: true })
  return name
}

/** Also the key of what is done for it. */
function nameOf({ namespace = '', name }: Named, { cluster }: Pick<Place, 'cluster'>): string {
  return [cluster, namespace, name].filter((part) => part !== undefined).join('/')
}

function tellOf(event: ExportWatchEvent, say: (text: string) => void): void {
  if (event.type === 'added') say(`serving ${event.url}`)
  else if (event.type === 'removed') say(`${event.url} is no more`)
  else if (event.event.type === 'disconnected') say(`${event.url}: ${messageOf(event.event.error)}; trying again`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the connection ended'
}
