import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../store/mod.ts'
import { Installation } from './installation.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'installation-'))
})
afterEach(() => rm(dir, { recursive: true }))

function options(names: readonly string[]) {
  const url = 'https://127.0.0.1:1'
  const shards = names.map((name) => ({ name, url, virtualWorkspaceUrl: url, dir: join(dir, name) }))
  return { shards, externalUrl: url, dir, rootCa: '', log: { warn: () => {} } }
}

test('a directory is left to others when that of another shard cannot be had', async () => {
  const taken = await openStore({ dir: join(dir, 'b') })
  await expect(Installation.open(options(['a', 'b']))).rejects.toThrow('is in use')
  const free = await openStore({ dir: join(dir, 'a') })
  await Promise.all([free.close(), taken.close()])
})

test('all directories are left to others when something else fails', async () => {
  // Where the signing key should be kept.
  await expect(Installation.open({ ...options(['a']), dir: join(dir, 'a', 'lock') })).rejects.toThrow('ENOTDIR')
  await (await openStore({ dir: join(dir, 'a') })).close()
})

test('of a logical cluster that is gone no number of its types is kept', async () => {
  const installation = await Installation.open(options(['a']))
  const { services } = installation.shards[0]!
  const generation = () => services.catalog().generation(cluster)
  const workspaces = services.catalog().find('root', 'tenancy.kcp.io', 'workspaces')!
  const client = services.clientIn('root')
  const object = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'passing' } }
  client.create(workspaces, { ...object, spec: { type: { name: 'universal', path: 'root' } } })
  const read = () =>
    client.get(workspaces, '', 'passing') as { spec?: { cluster?: string }; status?: { phase?: string } } | undefined
  await waitFor('it is ready', async () => read()?.status?.phase === 'Ready' || undefined)
  const cluster = read()?.spec?.cluster ?? ''
  expect(generation()).toBeGreaterThan(0)
  client.delete(workspaces, '', 'passing', {})
  await waitFor('it is gone', async () => read() === undefined || undefined)
  expect(generation()).toBe(0)
  await installation.close()
})
