// The yardstick: what nobody who places copies can do without. Per new object its finalizer and its copy, per status its status.
// It keeps no record, decides nothing and trusts every event.
import { KubeClient, watchResource } from '@resource-broker/kube'
import { THING } from '../support/provider-controller.ts'
import { SIZES, type Thing } from './things.ts'

const [consumerFile = '', ...providerFiles] = process.argv.slice(2)
const consumer = await KubeClient.fromFile(consumerFile)
const providers = await Promise.all(providerFiles.map((file) => KubeClient.fromFile(file)))
const { signal } = new AbortController()
/** Consumers' objects that were placed. */
const placed = new Set<string>()
/** The status of each copy that the consumer was told last. */
const told = new Map<string, string>()

async function place({ apiVersion, kind, metadata, spec }: Thing): Promise<void> {
  const { namespace, name, uid } = metadata
  if (placed.has(uid)) return
  placed.add(uid)
  const ref = { ...THING, namespace, name }
  await consumer.mergePatch(ref, { metadata: { uid, finalizers: ['bench.platform-mesh.io/floor'] } })
  const provider = providers[SIZES.indexOf(spec.size)] as KubeClient
  await provider.apply(ref, { apiVersion, kind, metadata: { namespace, name }, spec }, { force: true })
}

async function report({ metadata, status }: Thing): Promise<void> {
  if (status === undefined) return
  const { namespace, name, uid } = metadata
  const text = JSON.stringify(status)
  if (told.get(uid) === text) return
  told.set(uid, text)
  await consumer.mergePatch({ ...THING, namespace, name }, { status }, { subresource: 'status' })
}

function follow(client: KubeClient, upsert: (object: Thing) => Promise<void>): Promise<void> {
  const handler = (object: unknown): void => {
    upsert(object as Thing).catch((error: unknown) => {
      process.stderr.write(`floor: ${String(error)}\n`)
      process.exit(1)
    })
  }
  return new Promise((synced) =>
    watchResource(client, THING, { upsert: handler, delete: () => undefined, synced }, { signal }),
  )
}

await Promise.all([follow(consumer, place), ...providers.map((provider) => follow(provider, report))])
process.stdout.write('ready\n')
