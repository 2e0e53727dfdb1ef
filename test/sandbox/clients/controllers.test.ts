import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { ensureBinaries, ensureCrds, freePort, ManagedProcess, parseObjects, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, adminOf, createWorkspace, type KubeObject } from '../contract/support.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples/certs/provider/', import.meta.url))
const WORKSPACE = '/clusters/root:provider'
const GENERIC = `${WORKSPACE}/apis/example.platform-mesh.io/v1alpha1/namespaces/default/certificates`
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const PATIENCE = { timeoutMs: 60_000 }
const silent = () => undefined

/** Real controllers, with the informers, caches and patches of client-go and controller-runtime. */
describe('kro and cert-manager in a workspace', () => {
  let dir: string
  let sandbox: Sandbox
  let admin: Api
  const controllers: ManagedProcess[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sandbox-controllers-'))
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    await createWorkspace(admin, 'root', 'provider', { type: 'universal' })
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, sandbox.kubeconfig('root').replaceAll('/clusters/root', WORKSPACE), { mode: 0o600 })
    for (const name of ['kro', 'cert-manager'] as const) await applyDirectory(await ensureCrds(name, silent))
    await applyFile(join(EXAMPLES, 'cluster-issuer.yaml'))
    const binaries = await ensureBinaries(['kro', 'cert-manager'], silent)
    const port = await freePort()
    controllers.push(
      await ManagedProcess.start({
        name: 'kro',
        command: binaries.kro,
        args: [
          ...[`--kubeconfig=${kubeconfig}`, '--metrics-bind-address=0'],
          ...[`--health-probe-bind-address=127.0.0.1:${port}`, '--instance-requeue-interval=500ms'],
          '--rgd-progress-requeue-delay=200ms',
        ],
        logFile: join(dir, 'kro.log'),
        ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
      }),
      await ManagedProcess.start({
        name: 'cert-manager',
        command: binaries['cert-manager'],
        args: [`--kubeconfig=${kubeconfig}`],
        logFile: join(dir, 'cert-manager.log'),
      }),
    )
    await applyFile(join(EXAMPLES, 'certificate-rgd.yaml'))
  })
  afterAll(async () => {
    await Promise.all(controllers.map((controller) => controller.stop()))
    await sandbox?.close()
    await rm(dir, { recursive: true, force: true })
  })

  test('kro serves its definition as a kind, and cert-manager finds its issuer', async () => {
    const definition = `${WORKSPACE}/apis/kro.run/v1alpha1/resourcegraphdefinitions/certificates.example.platform-mesh.io`
    const issuer = `${WORKSPACE}/apis/cert-manager.io/v1/clusterissuers/self-signed`
    const isActive = async () => (await admin.get(definition)).status?.['state'] === 'Active' || undefined
    await waitFor('the definition is Active', isActive, PATIENCE)
    const isReady = async () => JSON.stringify((await admin.get(issuer)).status ?? {}).includes('"status":"True"')
    await waitFor('the issuer is Ready', async () => (await isReady()) || undefined, PATIENCE)
  })

  test('a Certificate of the generic kind is issued', async () => {
    await admin.create(GENERIC, {
      apiVersion: 'example.platform-mesh.io/v1alpha1',
      kind: 'Certificate',
      metadata: { name: 'tried' },
      spec: { fqdn: 'app.internal.corp' },
    })
    const secret = await waitFor(
      'the status names the Secret',
      async () => {
        const { status } = await admin.get(`${GENERIC}/tried`)
        const { secret: related } = (status?.['relatedResources'] ?? {}) as { secret?: { name: string } }
        return status?.['status'] === 'Available' ? related : undefined
      },
      PATIENCE,
    )
    const found = (await admin.get(`${WORKSPACE}/api/v1/namespaces/default/secrets/${secret.name}`)) as KubeObject & {
      data: Record<string, string>
    }
    const certificate = new X509Certificate(Buffer.from(found.data['tls.crt'] ?? '', 'base64'))
    expect(certificate.checkHost('app.internal.corp')).toBe('app.internal.corp')
  })

  test('when it is deleted, everything that was made for it goes', async () => {
    expect((await admin.call('DELETE', `${GENERIC}/tried`)).status).toBe(200)
    const paths = [
      'api/v1/secrets',
      'apis/cert-manager.io/v1/certificates',
      'apis/cert-manager.io/v1/certificaterequests',
    ]
    await waitFor(
      'all of it is gone',
      async () => {
        const left = await Promise.all(paths.map((path) => admin.items(`${WORKSPACE}/${path}`)))
        return left.flat().length === 0 || undefined
      },
      PATIENCE,
    )
  })

  async function applyDirectory(directory: string): Promise<void> {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml'))
    for (const file of files.sort()) await applyFile(join(directory, file))
  }

  /** Applies all documents of a file, each once its kind is served. */
  async function applyFile(file: string): Promise<void> {
    for (const object of parseObjects(await readFile(file, 'utf8'))) {
      const path = await waitFor(`${object.kind} is served`, () => pathOf(object.apiVersion, object.kind))
      const url = `${path}/${object.metadata.name}?fieldManager=test&force=true`
      await admin.json('PATCH', url, { body: object, headers: APPLY })
    }
  }

  /** Of the collection of a cluster-scoped kind. */
  async function pathOf(apiVersion: string, kind: string): Promise<string | undefined> {
    const group = `${WORKSPACE}/apis/${apiVersion}`
    const { status, text } = await admin.call('GET', group)
    if (status !== 200) return undefined
    const { resources } = JSON.parse(text) as { resources: { name: string; kind: string }[] }
    const found = resources.find((each) => each.kind === kind && !each.name.includes('/'))
    return found && `${group}/${found.name}`
  }
})
