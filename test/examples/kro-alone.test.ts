import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import {
  ClusterClient,
  ensureBinaries,
  ensureCrds,
  type KubeObject,
  ManagedProcess,
  parseObjects,
  waitFor,
} from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiResourceSchemaOf, type Crd } from '../../examples/kro-kcp/src/api-resource-schema.ts'
import { adminOf, createWorkspace } from '../sandbox/contract/support.ts'

const MANIFESTS = join(import.meta.dirname, '../../examples/kro-kcp')
const silent = () => undefined
const CLAIMS = [
  { group: '', resource: 'configmaps', verbs: ['*'] },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', verbs: ['*'] },
]

/** Why examples/kro-kcp puts something between kro and the virtual workspace: a kro that is connected to it as it is. */
describe('kro directly at a virtual workspace, which has its own kinds and a claim for CRDs', () => {
  let dir: string
  let sandbox: Sandbox
  let definition: KubeObject
  /** CRDs: kro's own, and that which it makes of the definition. */
  let own: KubeObject[]
  let made: KubeObject
  const running: ManagedProcess[] = []
  const clients: ClusterClient[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kro-alone-'))
    sandbox = await startSandbox()
    definition = (await objectsOf(join(MANIFESTS, 'provider/something-rgd.yaml')))[0]!
    const crds = await ensureCrds('kro', silent)
    own = (await Promise.all((await readdir(crds)).map((file) => objectsOf(join(crds, file))))).flat()
    await workspace('generator')
    const generator = clientAt('/clusters/root:generator')
    for (const object of [...own, definition]) await generator.apply(object)
    const kro = await startKro('generator', '/clusters/root:generator')
    made = await waitFor('kro made a CRD', () => generator.get(crdNamed('somethings.example.platform-mesh.io')))
    await kro.stop()
  })
  afterAll(async () => {
    await Promise.all(running.map((each) => each.stop()))
    for (const client of clients) client.close()
    await sandbox?.close()
    await rm(dir, { recursive: true, force: true })
  })

  test('may not make the CRD where the kind is bound', async () => {
    const consumer = await connect('published', [...own, made])
    const { message } = await condition(consumer, 'KindReady', 'Failed')
    expect(message).toContain('is forbidden: cannot create because resource is bound by APIBinding "kro"')
  })

  test('makes the CRD where the kind is not bound, and then does not find its objects', async () => {
    const consumer = await connect('unpublished', own)
    const { message } = await condition(consumer, 'ControllerReady', 'FailedToStart')
    expect(message).toContain('cache sync timeout for example.platform-mesh.io/v1alpha1, Resource=somethings')
    expect((await condition(consumer, 'KindReady', 'Ready')).message).toContain('accepted and ready')
    expect(await consumer.get(crdNamed('somethings.example.platform-mesh.io'))).toBeDefined()
  })

  /** Exports `crds`, binds them in a workspace, and starts kro at the virtual workspace for that; a client of the workspace. */
  async function connect(name: string, crds: KubeObject[]): Promise<ClusterClient> {
    await workspace(`${name}-provider`)
    const cluster = await workspace(`${name}-consumer`)
    const provider = clientAt(`/clusters/root:${name}-provider`)
    const consumer = clientAt(`/clusters/${cluster}`)
    for (const crd of crds) await provider.apply(apiResourceSchemaOf(crd as unknown as Crd, 'v1') as KubeObject)
    const resources = crds.map(({ metadata, ['spec']: { group, names } }) => ({
      ...{ group, name: names.plural, schema: `v1.${metadata.name}` },
      storage: { crd: {} },
    }))
    await provider.apply(kcpObject('APIExport', { resources, permissionClaims: CLAIMS }))
    const permissionClaims = CLAIMS.map((each) => ({ ...each, state: 'Accepted', selector: { matchAll: true } }))
    const reference = { export: { path: `root:${name}-provider`, name: 'kro' } }
    // Whoever may not bind yet is told the same as if there were no export.
    await consumer.apply(kcpObject('APIBinding', { reference, permissionClaims }))
    await consumer.apply(definition)
    const slice = { apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIExportEndpointSlice', metadata: { name: 'kro' } }
    const url = await waitFor('the export has an endpoint', async () => {
      return (await provider.get(slice))?.['status']?.endpoints?.[0]?.url as string | undefined
    })
    await startKro(name, `${new URL(url).pathname}/clusters/${cluster}`)
    return consumer
  }

  /** What kro says about the definition, once it has said that. kro waits 30 s for the first list of a watch. */
  function condition(consumer: ClusterClient, type: string, reason: string): Promise<{ message: string }> {
    type Condition = { type: string; reason: string; message: string }
    const look = async () => {
      const conditions = (await consumer.get(definition))?.['status']?.conditions as Condition[] | undefined
      return conditions?.find((each) => each.type === type && each.reason === reason)
    }
    return waitFor(`${type} is ${reason}`, look)
  }

  async function workspace(name: string): Promise<string> {
    return (await createWorkspace(adminOf(sandbox), 'root', name, { type: 'universal' })).spec.cluster
  }

  function clientAt(path: string): ClusterClient {
    const client = new ClusterClient({ url: sandbox.url + path, ca: sandbox.ca, token: sandbox.adminToken })
    clients.push(client)
    return client
  }

  async function startKro(name: string, path: string): Promise<ManagedProcess> {
    const kubeconfig = join(dir, `${name}.kubeconfig`)
    await writeFile(kubeconfig, sandbox.kubeconfig('root').replaceAll(/\/clusters\/root$/gm, path), { mode: 0o600 })
    const { kro } = await ensureBinaries(['kro'], silent)
    const process = await ManagedProcess.start({
      name: `kro ${name}`,
      command: kro,
      args: [`--kubeconfig=${kubeconfig}`, '--metrics-bind-address=0', '--health-probe-bind-address=0'],
      logFile: join(dir, `${name}.log`),
    })
    running.push(process)
    return process
  }
})

function kcpObject(kind: string, spec: object): KubeObject {
  return { apiVersion: 'apis.kcp.io/v1alpha2', kind, metadata: { name: 'kro' }, spec }
}

function crdNamed(name: string): KubeObject {
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name } }
}

async function objectsOf(file: string): Promise<KubeObject[]> {
  return parseObjects(await readFile(file, 'utf8'))
}
