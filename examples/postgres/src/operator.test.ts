import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KubeClient, readIfThere } from '@resource-broker/kube'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import {
  ensurePostgres,
  type Postgres,
  PostgresUnavailableError,
  parseObjects,
  startPostgres,
  waitFor,
} from '@resource-broker/testbed'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { runOperator } from './operator.ts'

const run = promisify(execFile)

const CRDS = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }
const POSTGRES = {
  group: 'example.platform-mesh.io',
  version: 'v1alpha1',
  resource: 'postgreses',
  namespace: 'default',
  name: 'blog',
}
const SECRET = { group: '', version: 'v1', resource: 'secrets', namespace: 'default', name: 'blog-credentials' }

type Credentials = { data: { uri: string } }
type Served = { status?: { status?: string; observedGeneration?: number } }

async function postgresOr(context: TestContext): Promise<{ server: Postgres; psql: string }> {
  const folder = await ensurePostgres(console.log).catch((error: unknown) => {
    if (error instanceof PostgresUnavailableError) context.skip(error.message)
    throw error
  })
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  return { server, psql: join(folder, 'psql') }
}

async function startWorkspace(): Promise<KubeClient> {
  const [sandbox, dir]: [Sandbox, string] = await Promise.all([startSandbox(), mkdtemp(join(tmpdir(), 'postgres-'))])
  const client = await KubeClient.fromFile(await sandbox.writeKubeconfig(dir))
  onTestFinished(async () => {
    client.close()
    await sandbox.close()
    await rm(dir, { recursive: true, force: true })
  })
  const [crd] = parseObjects(await readFile(join(import.meta.dirname, '../postgres-crd.yaml'), 'utf8'))
  await client.apply({ ...CRDS, name: 'postgreses.example.platform-mesh.io' }, crd ?? {})
  return client
}

test('a Postgres has a database of its own, which goes with it', async (context) => {
  const { server, psql } = await postgresOr(context)
  const client = await startWorkspace()
  const stopping = new AbortController()
  const ended = runOperator({ client, server, say: () => undefined, signal: stopping.signal })
  onTestFinished(async () => {
    stopping.abort()
    await ended
  })
  const metadata = { name: 'blog', namespace: 'default' }
  const blog = { apiVersion: 'example.platform-mesh.io/v1alpha1', kind: 'Postgres', metadata, spec: { tier: 'dev' } }
  await waitFor('the kind is served', () =>
    client.apply(POSTGRES, blog).then(
      () => true,
      () => false,
    ),
  )
  await waitFor('it is Available', async () => (await client.get<Served>(POSTGRES)).status?.status === 'Available')

  const uri = Buffer.from((await client.get<Credentials>(SECRET)).data.uri, 'base64').toString()
  const query = async (sql: string, at = uri) => (await run(psql, [at, '-AtX', '-c', sql])).stdout.trim()
  await query('CREATE TABLE posts (id int PRIMARY KEY)')
  await query('INSERT INTO posts VALUES (1)')

  await client.mergePatch(POSTGRES, { spec: { tier: 'production' } })
  await waitFor('the change is taken note of', async () => {
    const { status } = await client.get<Served>(POSTGRES)
    return status?.observedGeneration === 2
  })
  expect(await query('SELECT count(*) FROM posts')).toBe('1')

  await client.delete(POSTGRES)
  await waitFor('it is gone', async () => (await readIfThere(client, POSTGRES)) === undefined)
  expect(await server.query(`SELECT count(*) FROM pg_database WHERE datname LIKE 'db-%'`)).toBe('0')
  expect(await server.query(`SELECT count(*) FROM pg_roles WHERE rolname LIKE 'db-%'`)).toBe('0')
})
