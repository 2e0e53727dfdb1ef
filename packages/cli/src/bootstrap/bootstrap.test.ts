import { mkdtemp, readFile, rm } from 'node:fs/promises'
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

  test('the kubeconfig of the broker is in a Secret too, if that is asked for, beside what is there', async () => {
    const ref = { group: '', version: 'v1', resource: 'secrets', namespace: 'default', name: 'broker-kcp' }
    await at('root').create(ref, {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: ref.name } },
      data: { other: 'eA==', kubeconfig: 'eA==' },
    })
    const output = join(dir, 'again.kubeconfig')
    const lines: string[] = []
    const asked = { outputSecret: `${ref.namespace}/${ref.name}`, secretKubeconfig: admin }
    await bootstrap({
      ...{ kcpKubeconfig: admin, crd: [CRD], output, shard: 'root', partition: true, ...asked },
      report: (line) => lines.push(line),
    })
    const { data } = await at('root').get<{ data: Record<string, string> }>(ref)
    const written = await readFile(output, 'utf8')
    expect(data).toEqual({ other: 'eA==', kubeconfig: Buffer.from(written).toString('base64') })
    expect(lines).toEqual([])
  })

  test('a Secret that cannot be written is told of in one line, without what should be in it', async () => {
    const asked = { outputSecret: 'nowhere/broker-kcp', secretKubeconfig: admin }
    const output = join(dir, 'nowhere.kubeconfig')
    await expect(
      bootstrap({ kcpKubeconfig: admin, crd: [CRD], output, shard: 'root', partition: true, ...asked }),
    ).rejects.toThrow(/^--output-secret nowhere\/broker-kcp: .*namespaces? "nowhere" not found$/)
  })

  test('the same again changes nothing', async () => {
    const lines: string[] = []
    await prepare('shard-1', (line) => lines.push(line))
    expect(lines).toEqual([])
  })
})
