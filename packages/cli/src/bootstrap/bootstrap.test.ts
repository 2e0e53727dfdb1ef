import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeClient, readKubeconfig } from '@resource-broker/kube'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resources } from '../manifests/types.ts'
import { type Bootstrapped, bootstrap } from './bootstrap.ts'

const CRD = join(import.meta.dirname, '../../../../examples/certs/consumer/certificate-crd.yaml')
const KIND = 'certificates.example.platform-mesh.io'

describe('a set of services for each shard', () => {
  const sets: Record<string, Bootstrapped> = {}
  let dir: string
  let sandbox: Sandbox
  let admin: string
  let client: KubeClient

  const prepare = async (shard: string, report?: (line: string) => void) =>
    await bootstrap({
      kcpKubeconfig: admin,
      crd: [CRD],
      output: join(dir, `${shard}.kubeconfig`),
      shard,
      partition: true,
      ...(report && { report }),
    })

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bootstrap-'))
    sandbox = await startSandbox({ shards: 2 })
    admin = await sandbox.writeKubeconfig(dir)
    const login = await readKubeconfig(admin)
    client = new KubeClient({ ...login, server: sandbox.url })
    for (const shard of ['root', 'shard-1']) sets[shard] = await prepare(shard)
  })
  afterAll(async () => {
    client.close()
    await sandbox.close()
    await rm(dir, { recursive: true })
  })

  const at = (path: string) => client.below(`/clusters/${path}`)
  const shardOf = async (path: string) => {
    type Found = { metadata: { annotations?: Record<string, string> } }
    const { metadata } = await at(path).get<Found>({ ...resources.LogicalCluster, name: 'cluster' })
    return metadata.annotations?.['core.kcp.io/shard']
  }

  test.each(['root', 'shard-1'])('the workspaces of the set of %s are on its shard', async (shard) => {
    const { coordinationWorkspace, stagingTreeRoot, verificationTreeRoot } = (sets[shard] as Bootstrapped).config
    expect(coordinationWorkspace).toBe(`root:platform:broker-${shard}`)
    for (const path of [coordinationWorkspace, stagingTreeRoot, verificationTreeRoot])
      expect(await shardOf(path)).toBe(shard)
  })

  test('its slice of a brokered kind is limited to its shard, and that of the offers is not', async () => {
    type Slice = { spec: { partition?: string }; status?: { shardSelector?: string } }
    const slice = async (name: string) =>
      await at('root:platform:broker-shard-1').get<Slice>({ ...resources.APIExportEndpointSlice, name })
    expect(await slice(KIND)).toMatchObject({
      spec: { partition: 'shard-1' },
      status: { shardSelector: 'name=shard-1' },
    })
    expect((await slice('acceptapis')).spec.partition).toBeUndefined()
  })

  test('each has an identity of its own, and the rights of one leave those of the others alone', async () => {
    type Binding = { subjects: { name: string }[] }
    const holder = async (shard: string) => {
      const ref = { ...resources.ClusterRoleBinding, name: `resource-broker-platform-${shard}` }
      return (await at('root:platform').get<Binding>(ref)).subjects.map(({ name }) => name)
    }
    expect(sets['root']?.user).not.toBe(sets['shard-1']?.user)
    for (const shard of ['root', 'shard-1']) expect(await holder(shard)).toEqual([sets[shard]?.user])
  })

  test('the same again changes nothing', async () => {
    const lines: string[] = []
    await prepare('shard-1', (line) => lines.push(line))
    expect(lines).toEqual([])
  })
})
