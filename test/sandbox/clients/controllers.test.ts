import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import {
  type ClusterClient,
  ensureBinaries,
  ensureCrds,
  type ManagedProcess,
  startCertManager,
  startKro,
  waitFor,
} from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '../../support/landscape.ts'
import { createWorkspaceSite } from '../../support/workspace-site.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples/certs/provider/', import.meta.url))
const GENERIC = {
  apiVersion: 'example.platform-mesh.io/v1alpha1',
  kind: 'Certificate',
  metadata: { name: 'tried', namespace: 'default' },
}
const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'certificates.example.platform-mesh.io' },
}
const ISSUER = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'self-signed' } }
const silent = () => undefined

/** Real controllers, with the informers, caches and patches of client-go and controller-runtime. */
describe('kro and cert-manager in a workspace', () => {
  let dir: string
  let sandbox: Sandbox
  let site: Site
  let client: ClusterClient
  const controllers: ManagedProcess[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sandbox-controllers-'))
    sandbox = await startSandbox()
    site = await createWorkspaceSite(sandbox, 'provider', dir)
    client = site.client
    for (const name of ['kro', 'cert-manager'] as const) await client.applyDirectory(await ensureCrds(name, silent))
    await client.applyFile(join(EXAMPLES, 'cluster-issuer.yaml'))
    const binaries = await ensureBinaries(['kro', 'cert-manager'], silent)
    controllers.push(await startKro(site, binaries.kro), await startCertManager(site, binaries['cert-manager']))
    await client.applyFile(join(EXAMPLES, 'certificate-rgd.yaml'))
  })
  afterAll(async () => {
    await Promise.all(controllers.map((controller) => controller.stop()))
    await site?.stop()
    await sandbox?.close()
    await rm(dir, { recursive: true, force: true })
  })

  test('kro serves its definition as a kind, and cert-manager finds its issuer', async () => {
    const isActive = async () => (await client.get(DEFINITION))?.['status']?.state === 'Active'
    await waitFor('the definition is Active', isActive)
    const isReady = async () => JSON.stringify((await client.get(ISSUER))?.['status'] ?? {}).includes('"status":"True"')
    await waitFor('the issuer is Ready', isReady)
  })

  test('a Certificate of the generic kind is issued', async () => {
    await client.apply({ ...GENERIC, spec: { fqdn: 'app.internal.corp' } })
    const { name } = await waitFor('the status names the Secret', async () => {
      const status = (await client.get(GENERIC))?.['status']
      return status?.status === 'Available' && (status.relatedResources?.secret as { name: string } | undefined)
    })
    const found = await client.get({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } })
    const certificate = new X509Certificate(Buffer.from(found?.['data']['tls.crt'] ?? '', 'base64'))
    expect(certificate.checkHost('app.internal.corp')).toBe('app.internal.corp')
  })

  test('when it is deleted, everything that was made for it goes', async () => {
    expect((await client.send('DELETE', await client.pathOf(GENERIC))).status).toBe(200)
    const paths = [
      '/api/v1/secrets',
      '/apis/cert-manager.io/v1/certificates',
      '/apis/cert-manager.io/v1/certificaterequests',
    ]
    const left = async (path: string) => (await client.json('GET', path))['items'] as object[]
    const isEmpty = async () => (await Promise.all(paths.map(left))).flat().length === 0
    await waitFor('all of it is gone', isEmpty)
  })
})
