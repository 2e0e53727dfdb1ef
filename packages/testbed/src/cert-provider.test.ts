import { X509Certificate } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCertificateProvider } from './cert-provider.ts'
import type { KubeObject } from './cluster-client.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { scratchDirectory } from './scratch.ts'
import { waitFor } from './wait.ts'

const CONSUMER_CRD = fileURLToPath(new URL('../../../examples/certs/consumer/certificate-crd.yaml', import.meta.url))
const dir = scratchDirectory()
let controlPlane: ControlPlane

beforeAll(async () => {
  controlPlane = await startControlPlane({ name: 'internalca', dir, report: console.log })
  await startCertificateProvider(controlPlane, { report: console.log })
})

afterAll(async () => {
  await controlPlane.stop()
})

const generic: KubeObject = {
  apiVersion: 'example.platform-mesh.io/v1alpha1',
  kind: 'Certificate',
  metadata: { name: 'web', namespace: 'default' },
}
const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-tls', namespace: 'default' } }

const issuedFor = async (fqdn: string) => {
  const { client } = controlPlane
  const object = await waitFor(`${fqdn} is available`, async () => {
    const seen = await client.get(generic)
    return seen?.['status']?.status === 'Available' && seen['spec'].fqdn === fqdn && seen
  })
  const pem = Buffer.from((await client.get(secret))?.['data']['tls.crt'] ?? '', 'base64')
  return { object, certificate: new X509Certificate(pem) }
}

const names = async (path: string) => {
  const list = await controlPlane.client.json('GET', path)
  return (list['items'] as KubeObject[]).map(({ metadata }) => metadata.name)
}

test('a generic Certificate is issued, reissued for another name, and goes with all that was made for it', async () => {
  const { client } = controlPlane
  await client.apply({ ...generic, spec: { fqdn: 'app.internal.corp' } })
  const { object, certificate } = await issuedFor('app.internal.corp')
  expect(certificate.subjectAltName).toBe('DNS:app.internal.corp')
  expect(certificate.checkHost('app.internal.corp')).toBe('app.internal.corp')
  expect(object['status'].relatedResources).toEqual({
    secret: { namespace: 'default', name: 'web-tls', gvk: { group: 'core', version: 'v1', kind: 'Secret' } },
  })

  await client.apply({ ...generic, spec: { fqdn: 'other.internal.corp' } })
  await waitFor('the new name is in the Secret', async () => {
    const reissued = await issuedFor('other.internal.corp')
    return reissued.certificate.subjectAltName === 'DNS:other.internal.corp'
  })

  await client.delete(generic)
  await waitFor('the generic object is gone', async () => (await client.get(generic)) === undefined)
  await waitFor('its Secret is gone', async () => (await client.get(secret)) === undefined)
  expect(await names('/apis/cert-manager.io/v1/certificates')).toEqual([])
  await waitFor('its requests are gone', async () => {
    const left = await names('/apis/cert-manager.io/v1/certificaterequests')
    return left.length === 0
  })
})

test("the consumer's CRD is accepted and takes what the provider reports", async () => {
  const consumer = await startControlPlane({ name: 'consumer', dir })
  await consumer.client.applyFile(CONSUMER_CRD)
  await consumer.client.apply({ ...generic, spec: { fqdn: 'app.internal.corp' } })
  const status = {
    status: 'Available',
    relatedResources: {
      secret: { namespace: 'default', name: 'web-tls', gvk: { group: 'core', version: 'v1', kind: 'Secret' } },
    },
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  }
  const path = `${await consumer.client.pathOf(generic)}/status`
  const patched = await consumer.client.json('PATCH', path, { status }, 'application/merge-patch+json')
  expect(patched['status']).toEqual(status)
  await expect(consumer.client.apply({ ...generic, spec: {} })).rejects.toMatchObject({ status: 422 })
  await consumer.stop()
})
