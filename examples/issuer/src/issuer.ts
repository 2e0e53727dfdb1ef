import { isConflict, isNotFound, type KubeClient, watchResource } from '@resource-broker/kube'
import type { Authority } from './authority.ts'

type Certificate = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace: string; uid: string; generation: number; deletionTimestamp?: string }
  spec: { fqdn: string }
  status?: { observedGeneration?: number }
}

type Options = { client: KubeClient; authority: Authority; say: (text: string) => void; signal: AbortSignal }

const CERTIFICATES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets' }
const FIELD_MANAGER = 'example-issuer'
/** Until everything is looked at again after an API server did not answer. */
const RETRY_MS = 1_000

/** Issues what is asked for, and again when the name changes; resolves when `signal` aborts. */
export async function runIssuer({ client, authority, say, signal }: Options): Promise<void> {
  const watch = watchResource(
    client,
    CERTIFICATES,
    {
      async upsert(object) {
        const certificate = object as unknown as Certificate
        try {
          await reconcile(client, authority, certificate, say)
        } catch (error) {
          // It went, or has changed again, which the watch tells.
          if (isNotFound(error) || isConflict(error)) return
          say(`${nameOf(certificate)}: ${(error as Error).message}; trying again`)
          setTimeout(() => watch.restart(), RETRY_MS).unref()
        }
      },
      // The Secret belongs to the Certificate and is collected with it.
      delete: () => undefined,
    },
    { signal },
  )
  await watch.ended
}

async function reconcile(
  client: KubeClient,
  authority: Authority,
  certificate: Certificate,
  say: (text: string) => void,
): Promise<void> {
  const { metadata, spec, status } = certificate
  if (metadata.deletionTimestamp !== undefined || status?.observedGeneration === metadata.generation) return
  const { name, namespace, generation } = metadata
  const report = (told: object) =>
    client.mergePatch(
      { ...CERTIFICATES, namespace, name },
      { metadata: { uid: metadata.uid }, status: { observedGeneration: generation, ...told } },
      { subresource: 'status', fieldManager: FIELD_MANAGER },
    )
  try {
    const secretName = await writeSecret(client, authority, certificate)
    const secret = { namespace, name: secretName, gvk: { group: 'core', version: 'v1', kind: 'Secret' } }
    await report({ status: 'Available', message: null, relatedResources: { secret } })
    say(`${nameOf(certificate)}: issued for ${spec.fqdn}`)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    await report({ status: 'Failed', message: error.message })
    say(`${nameOf(certificate)}: ${error.message}`)
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

function nameOf({ metadata }: Certificate): string {
  return `${metadata.namespace}/${metadata.name}`
}
