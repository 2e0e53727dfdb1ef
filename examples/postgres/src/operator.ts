import { randomBytes } from 'node:crypto'
import { isConflict, isNotFound, type KubeClient, Retries, readIfThere, watchResource } from '@resource-broker/kube'
import type { Postgres } from '@resource-broker/testbed'
import { dropDatabase, ensureDatabase } from './databases.ts'

/** A copy of a consumer's Postgres. */
type Copy = {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace: string
    uid: string
    generation: number
    resourceVersion: string
    deletionTimestamp?: string
    finalizers?: string[]
  }
  status?: { observedGeneration?: number }
}

type Options = {
  client: KubeClient
  /** Where the databases are made. */
  server: Pick<Postgres, 'query' | 'port'>
  say: (text: string) => void
  signal: AbortSignal
}

const POSTGRESES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'postgreses' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets' }
const FIELD_MANAGER = 'example-postgres'
/** Keeps the object until its database is gone. */
const FINALIZER = 'postgres.example.platform-mesh.io/database'

/** Makes a database for each Postgres of a cluster, with its credentials in a Secret, and drops it with the Postgres; resolves when `signal` aborts. */
export async function runOperator({ client, server, say, signal }: Options): Promise<void> {
  const retries = new Retries({
    failed: (key, error, ms) => say(`${key}: ${(error as Error).message}; trying again in ${Math.round(ms / 1000)} s`),
  })
  const upsert = (object: object) => {
    const copy = object as Copy
    const reconcile = copy.metadata.deletionTimestamp === undefined ? provide : withdraw
    return retries.run(copy.metadata.uid, () => reconcile(copy, client, server, say), signal)
  }
  await watchResource(client, POSTGRESES, { upsert, delete: ({ uid }) => retries.drop(uid) }, { signal }).ended
}

type Reconcile = (copy: Copy, client: KubeClient, server: Options['server'], say: Options['say']) => Promise<void>

const provide: Reconcile = async (copy, client, server, say) => {
  const { metadata, status } = copy
  if (status?.observedGeneration === metadata.generation) return
  const { namespace, name, uid, generation, finalizers = [] } = metadata
  const ref = { ...POSTGRESES, namespace, name }
  if (!finalizers.includes(FINALIZER)) {
    const patch = {
      metadata: { uid, resourceVersion: metadata.resourceVersion, finalizers: [...finalizers, FINALIZER] },
    }
    // Whoever changed it meanwhile lets the watch tell of it anew.
    if (!(await unlessChanged(client.mergePatch(ref, patch, { fieldManager: FIELD_MANAGER })))) return
  }
  const secretName = `${name}-credentials`
  const password =
    (await passwordIn(client, { ...SECRETS, namespace, name: secretName })) ?? randomBytes(16).toString('hex')
  const database = databaseOf(copy)
  await ensureDatabase(server, { name: database, password })
  await writeSecret(client, copy, secretName, {
    uri: `postgresql://${database}:${password}@127.0.0.1:${server.port}/${database}`,
    password,
  })
  const credentials = { namespace, name: secretName, gvk: { group: 'core', version: 'v1', kind: 'Secret' } }
  const told = { observedGeneration: generation, status: 'Available', relatedResources: { credentials } }
  const options = { subresource: 'status', fieldManager: FIELD_MANAGER } as const
  if (await unlessChanged(client.mergePatch(ref, { metadata: { uid }, status: told }, options)))
    say(`${name}: has the database ${database}`)
}

const withdraw: Reconcile = async (copy, client, server, say) => {
  const { namespace, name, uid, resourceVersion, finalizers = [] } = copy.metadata
  if (!finalizers.includes(FINALIZER)) return
  await dropDatabase(server, databaseOf(copy))
  const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((each) => each !== FINALIZER) } }
  const ref = { ...POSTGRESES, namespace, name }
  if (await unlessChanged(client.mergePatch(ref, patch, { fieldManager: FIELD_MANAGER })))
    say(`${name}: its database ${databaseOf(copy)} is gone`)
}

/** A name of a copy may be longer than PostgreSQL takes (63 bytes), and may come again for another object. */
function databaseOf({ metadata }: Copy): string {
  return `db-${metadata.uid}`
}

/** That of an earlier attempt, so that whoever has it goes on with it. */
async function passwordIn(client: KubeClient, ref: Parameters<KubeClient['get']>[0]): Promise<string | undefined> {
  const secret = await readIfThere<{ data?: { password?: string } }>(client, ref)
  const text = secret?.data?.password
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString()
}

async function writeSecret(client: KubeClient, copy: Copy, name: string, data: Record<string, string>): Promise<void> {
  const { apiVersion, kind, metadata } = copy
  const { namespace } = metadata
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ownerReferences: [owner] },
    data: Object.fromEntries(encoded),
  }
  await client.apply({ ...SECRETS, namespace, name }, secret, { fieldManager: FIELD_MANAGER, force: true })
}

/** Whether a write was made; not if the object is gone or another one by now, which its watch tells. */
async function unlessChanged(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
    return false
  }
}
