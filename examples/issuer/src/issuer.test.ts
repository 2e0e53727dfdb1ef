import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KubeClient, readKubeconfig } from '@resource-broker/kube'
import { type ClusterClient, type KubeObject, parseObjects, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Landscape } from '../test/landscape.ts'
import { Authority } from './authority.ts'
import { runIssuer, type Served } from './issuer.ts'

let landscape: Landscape
beforeAll(async () => {
  landscape = await Landscape.start()
})
afterAll(async () => {
  await landscape.stop()
})

async function startIssuer(served: Served): Promise<string[]> {
  const stopping = new AbortController()
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const authority = await Authority.create('Test CA')
  const ended = runIssuer({ served, authority, say, signal: stopping.signal })
  onTestFinished(async () => {
    stopping.abort()
    await ended
  })
  return said
}

async function serveExport(): Promise<string[]> {
  return await startIssuer({ home: await readKubeconfig(landscape.kubeconfig), slice: 'certificates' })
}

function certificate(name: string, fqdn: string): KubeObject {
  return {
    apiVersion: 'example.platform-mesh.io/v1alpha1',
    kind: 'Certificate',
    metadata: { name, namespace: 'default' },
    spec: { fqdn },
  }
}

function secret(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${name}-tls`, namespace: 'default' } }
}

/** Waits for a certificate for this host, and that it is told of. */
async function issued(cluster: ClusterClient, name: string, fqdn: string): Promise<KubeObject> {
  return await waitFor(`${name} is issued for ${fqdn}`, async () => {
    const object = await cluster.get(certificate(name, fqdn))
    const { status, observedGeneration, relatedResources } = object?.['status'] ?? {}
    if (status !== 'Available' || observedGeneration !== object?.metadata['generation']) return undefined
    expect(relatedResources.secret).toMatchObject({ namespace: 'default', name: `${name}-tls` })
    const found = await cluster.get(secret(name))
    const text = Buffer.from(found?.['data']['tls.crt'], 'base64')
    return new X509Certificate(text).checkHost(fqdn) === fqdn && found
  })
}

describe('the issuer of one cluster', () => {
  test('issues there, and again for another name', async () => {
    await landscape.createWorkspace('single', 'shard-1')
    const single = landscape.workspace('single')
    await single.applyFile(join(import.meta.dirname, '../certificate-crd.yaml'))
    const { url, ca } = landscape.sandbox
    const home = await readKubeconfig(landscape.kubeconfig)
    const client = new KubeClient({ ...home, server: `${url}/clusters/root:single`, ca: Buffer.from(ca) })
    onTestFinished(() => client.close())
    await startIssuer({ client })
    await single.apply(certificate('shop', 'shop.internal.corp'))
    await issued(single, 'shop', 'shop.internal.corp')
    await single.apply(certificate('shop', 'other.internal.corp'))
    await issued(single, 'shop', 'other.internal.corp')
  })
})

describe('the issuer of an export', () => {
  test('serves the workspaces that are bound, on every shard, each by itself', async () => {
    const one = await landscape.createConsumer('one', 'root')
    const two = await landscape.createConsumer('two', 'shard-1')
    // Two of one name that are not the same.
    await one.apply(certificate('shop', 'one.internal.corp'))
    await two.apply(certificate('shop', 'two.internal.corp'))
    await serveExport()
    await issued(one, 'shop', 'one.internal.corp')
    const before = await issued(two, 'shop', 'two.internal.corp')

    await one.apply(certificate('shop', 'changed.internal.corp'))
    await issued(one, 'shop', 'changed.internal.corp')
    expect((await two.get(secret('shop')))?.metadata['resourceVersion']).toBe(before.metadata['resourceVersion'])

    await two.apply(certificate('odd', 'no host'))
    await waitFor('the other is refused', async () => {
      const { status, message } = (await two.get(certificate('odd', '')))?.['status'] ?? {}
      return status === 'Failed' && message === '"no host" is no DNS name'
    })

    await one.delete(certificate('shop', ''))
    await waitFor('its Secret went with it', async () => (await one.get(secret('shop'))) === undefined)
    expect(await two.get(secret('shop'))).toBeDefined()
  })

  test('issues once it may write Secrets, and serves others meanwhile', async () => {
    const [refusing, willing] = await Promise.all([
      landscape.createConsumer('refusing', 'shard-1'),
      landscape.createConsumer('willing', 'shard-1'),
    ])
    await landscape.accept('refusing', 'Rejected')
    const said = await serveExport()
    await refusing.apply(certificate('shop', 'a.internal.corp'))
    await waitFor('it says so', () => said.some((line) => /default\/shop: .*; trying again in 1 s/.test(line)))
    await willing.apply(certificate('shop', 'b.internal.corp'))
    await issued(willing, 'shop', 'b.internal.corp')
    await landscape.accept('refusing', 'Accepted')
    await issued(refusing, 'shop', 'a.internal.corp')
  })
})

describe('the issuer of an export that nobody has bound yet', () => {
  test('serves what is bound later, and goes on when a shard was away', async () => {
    const fresh = await Landscape.start()
    onTestFinished(() => fresh.stop())
    const said = await startIssuer({ home: await readKubeconfig(fresh.kubeconfig), slice: 'certificates' })
    const two = await fresh.createConsumer('two', 'shard-1')
    await two.apply(certificate('shop', 'two.internal.corp'))
    await issued(two, 'shop', 'two.internal.corp')
    expect(said.filter((line) => line.startsWith('serving '))).toHaveLength(1)

    await fresh.sandbox.shards[1]?.stop()
    const one = await fresh.createConsumer('one', 'root')
    await one.apply(certificate('shop', 'one.internal.corp'))
    await issued(one, 'shop', 'one.internal.corp')
    await fresh.sandbox.shards[1]?.start()
    await two.apply(certificate('shop', 'later.internal.corp'))
    await issued(two, 'shop', 'later.internal.corp')
  })
})

describe('the schema of the export', () => {
  test('says what the CRD says', async () => {
    const read = async (file: string) =>
      parseObjects(await readFile(join(import.meta.dirname, '..', file), 'utf8'))[0]?.['spec']
    const [crd, schema] = await Promise.all([
      read('certificate-crd.yaml'),
      read('../kcp-certs/provider/apiresourceschema.yaml'),
    ])
    const versions = crd.versions.map((version: KubeObject) => ({
      ...version,
      schema: version['schema'].openAPIV3Schema,
    }))
    expect(schema).toEqual({ ...crd, versions })
  })
})
