import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labels } from '@resource-broker/api'
import { bootstrap } from '@resource-broker/cli'
import { type CollectionRef, KubeClient, KubeError, readKubeconfig } from '@resource-broker/kube'
import { startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../support/kcp-landscape.ts'
import { ROOT } from '../support/landscape.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import { create, secretOf, secretRef, thing, thingRef } from '../support/things.ts'
import { type WorkspaceSite, workspaceSite } from '../support/workspace-site.ts'

const APIS = { group: 'apis.kcp.io', version: 'v1alpha2' }
const EXPORTS = { ...APIS, resource: 'apiexports' }
const CONTENT = { ...APIS, resource: 'apiexports/content' }
const BINDINGS = { ...APIS, resource: 'apibindings' }
const SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices' }
const SCHEMAS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiresourceschemas' }
const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets' }
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }
const CRDS = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }
const COORD = { group: 'coord.broker.platform-mesh.io', version: 'v1alpha1' }

const THING_EXPORT = 'things.test.platform-mesh.io'
const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')
const CERTIFICATE_CRD = join(ROOT, 'examples/certs/consumer/certificate-crd.yaml')
const PLATFORM = 'root:platform'
const COORDINATION = 'root:platform:broker'
const STAGING = 'root:platform:broker:staging'
const VERIFICATION = 'root:platform:broker:verification'

let dir: string
let landscape: KcpLandscape
/** The whole kcp, as the broker sees it. */
let broker: KubeClient
let [acme, globex] = [] as unknown as [WorkspaceSite, WorkspaceSite]
let alpha: ProviderSite

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  landscape = await startKcpLandscape({
    dir,
    consumers: ['acme', 'globex'],
    providers: ['alpha'],
    brokeredCrds: [THING_CRD],
    shards: 2,
    placement: { broker: 'shard-1', acme: 'shard-1', globex: 'root', alpha: 'shard-1' },
  })
  acme = landscape.consumers['acme'] as WorkspaceSite
  globex = landscape.consumers['globex'] as WorkspaceSite
  alpha = landscape.providers['alpha'] as ProviderSite
  broker = await wholeKcp(landscape.bootstrapped.config.output)
})

afterAll(async () => {
  broker?.close()
  await landscape?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function wholeKcp(kubeconfig: string): Promise<KubeClient> {
  const login = await readKubeconfig(kubeconfig)
  return new KubeClient({ ...login, server: login.server.replace(/\/clusters\/.*/, '') })
}

const within = (path: string) => broker.below(`/clusters/${path}`)

/** What an export's virtual workspace shows of one logical cluster, or with `*` of all on the shard of `at`. */
async function view(
  slice: string,
  cluster: string,
  { in: path = COORDINATION, at = cluster } = {},
): Promise<KubeClient> {
  type Slice = { status?: { endpoints?: { url: string }[] } }
  const login = await readKubeconfig(landscape.bootstrapped.config.output)
  const { status } = await within(path).get<Slice>({ ...SLICES, name: slice })
  for (const { url: server } of status?.endpoints ?? []) {
    const whole = new KubeClient({ ...login, server })
    type Binding = { metadata: { annotations?: Record<string, string> } }
    const { items } = await whole.below('/clusters/*').list<Binding>(BINDINGS)
    const shows = items.some(({ metadata }) => metadata.annotations?.['kcp.io/cluster'] === at)
    if (shows) return whole.below(`/clusters/${cluster}`)
    whole.close()
  }
  // Behind whichever endpoint: the answer is a refusal.
  return new KubeClient({ ...login, server: status?.endpoints?.[0]?.url ?? '' }).below(`/clusters/${cluster}`)
}

/** The HTTP status of a refusal, 200 for none. */
async function answer(request: Promise<unknown>): Promise<number> {
  try {
    await request
    return 200
  } catch (error) {
    if (error instanceof KubeError) return error.status
    throw error
  }
}

/** What the server itself says of the broker's rights in a workspace. */
async function may(path: string, verb: string, { group, resource }: CollectionRef, name = ''): Promise<boolean> {
  const [plural = '', subresource = ''] = resource.split('/')
  const resourceAttributes = { verb, group, resource: plural, subresource, name }
  const reviews = { group: 'authorization.k8s.io', version: 'v1', resource: 'selfsubjectaccessreviews' }
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } }
  const { status } = await within(path).create<{ status: { allowed: boolean } }>(reviews, body)
  return status.allowed
}

type Right = [path: string, verbs: string[], ref: CollectionRef, name?: string]

function titled([path, verbs, ref, name]: Right) {
  const what = [ref.resource, ref.group].filter(Boolean).join('.')
  return { title: `in ${path} to ${verbs.join(', ')} ${what} ${name ?? ''}`.trim(), path, verbs, ref, name }
}

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'update', 'patch', 'delete']

describe('the command', () => {
  test('a second run changes nothing in the kcp', async () => {
    const admin = await wholeKcp(landscape.adminKubeconfig)
    const before = await versions(admin)
    expect(before.length).toBeGreaterThan(20)
    const lines: string[] = []
    const { config } = landscape.bootstrapped
    const output = join(dir, 'again.kubeconfig')
    await bootstrap({ ...config, output, report: (line) => lines.push(line) })
    expect(lines).toEqual([])
    expect(await versions(admin)).toEqual(before)
    admin.close()
  })

  test('what differs is put right', async () => {
    const admin = await wholeKcp(landscape.adminKubeconfig)
    const role = { ...RBAC, resource: 'clusterroles', name: 'resource-broker-platform' }
    const platform = admin.below(`/clusters/${PLATFORM}`)
    const { rules } = await platform.get<{ rules: object[] }>(role)
    await platform.mergePatch(role, { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] })
    const lines: string[] = []
    const output = join(dir, 'again.kubeconfig')
    await bootstrap({ ...landscape.bootstrapped.config, output, report: (line) => lines.push(line) })
    expect(lines).toEqual([`${PLATFORM}: ClusterRole resource-broker-platform updated`])
    expect((await platform.get<{ rules: object[] }>(role)).rules).toEqual(rules)
    admin.close()
  })

  test('the kubeconfig is for its owner alone', async () => {
    expect((await stat(landscape.bootstrapped.config.output)).mode & 0o777).toBe(0o600)
  })

  test('says in one line what stands in the way', async () => {
    const { kcpKubeconfig } = landscape.bootstrapped.config
    const wrong = { kcpKubeconfig, crd: [join(ROOT, 'examples/certs/provider/acceptapi-internal.yaml')] }
    await expect(bootstrap(wrong)).rejects.toThrow(/acceptapi-internal.yaml: must hold .*, not AcceptAPI$/)
    const asBroker = { kcpKubeconfig: landscape.bootstrapped.config.output, output: join(dir, 'none') }
    await expect(bootstrap(asBroker)).rejects.toThrow(/^root:platform: .*forbidden.*access denied$/)
  })
})

/** Each object that the bootstrap makes, and what kcp makes for it, with its version. */
async function versions(admin: KubeClient): Promise<string[]> {
  const kinds = [EXPORTS, SCHEMAS, SLICES, CRDS, SECRETS, WORKSPACES]
  const policies = ['clusterroles', 'clusterrolebindings'].map((resource) => ({ ...RBAC, resource }))
  const found: string[] = []
  for (const path of [PLATFORM, COORDINATION, STAGING, VERIFICATION]) {
    for (const kind of [...kinds, ...policies]) {
      type Item = { metadata: { name: string; resourceVersion: string } }
      const { items } = await admin.below(`/clusters/${path}`).list<Item>(kind)
      for (const { metadata } of items)
        found.push(`${path} ${kind.resource}/${metadata.name} ${metadata.resourceVersion}`)
    }
  }
  return found
}

describe('the files for kubectl', () => {
  test('make all that the command makes', async () => {
    const home = await mkdtemp(join(tmpdir(), 'resource-broker-'))
    const sandbox = await startSandbox()
    try {
      for (const path of ['root', PLATFORM, COORDINATION, STAGING, VERIFICATION]) {
        const site = await waitFor(`workspace ${path}`, () =>
          workspaceSite(sandbox, path.replaceAll(':', '-'), path, home).catch(() => undefined),
        )
        await site.client.applyFile(join(ROOT, 'deploy/kcp', `${path.replaceAll(':', '.')}.yaml`))
        await site.stop()
      }
      const lines: string[] = []
      const options = { kcpKubeconfig: await sandbox.writeKubeconfig(home), crd: [CERTIFICATE_CRD] }
      await bootstrap({ ...options, output: join(home, 'broker'), report: (line) => lines.push(line) })
      // That another field manager has the fields too is an update.
      expect(lines.filter((line) => !line.endsWith(' updated'))).toEqual([])
    } finally {
      await sandbox.close()
      await rm(home, { recursive: true, force: true })
    }
  })
})

describe('the identity is let', () => {
  const records = ['assignments', 'migrations', 'migrationconfigurations', 'stagingworkspaces']
  const allowed: Right[] = [
    ...records.flatMap((resource): Right[] => [
      [COORDINATION, [...READ, ...WRITE], { ...COORD, resource }],
      [COORDINATION, [...READ, ...WRITE], { ...COORD, resource: `${resource}/status` }],
    ]),
    [COORDINATION, READ, SLICES],
    [PLATFORM, READ, EXPORTS],
    [PLATFORM, READ, SCHEMAS],
    [PLATFORM, [...READ, ...WRITE], CONTENT, THING_EXPORT],
    [PLATFORM, [...READ, ...WRITE], CONTENT, 'acceptapis.broker.platform-mesh.io'],
    [STAGING, [...READ, 'create', 'delete'], WORKSPACES],
    [STAGING, ['use'], { ...WORKSPACES, resource: 'workspacetypes' }, 'resource-broker'],
    [STAGING, [...READ, ...WRITE, 'bind'], EXPORTS],
    [STAGING, READ, SLICES],
    [VERIFICATION, [...READ, 'create', 'delete'], WORKSPACES],
  ]

  test.each(allowed.map(titled))('$title', async ({ path, verbs, ref, name }) => {
    for (const verb of verbs) expect([verb, await may(path, verb, ref, name)]).toEqual([verb, true])
  })

  test("to read a consumer's objects and answer in them", async () => {
    await create(acme, thing('seen', { size: 'small' }))
    const all = await view(THING_EXPORT, '*', { at: acme.cluster })
    const names = async () =>
      (await all.list<{ metadata: { name: string } }>(THING)).items.map((each) => each.metadata.name)
    await expect.poll(names).toContain('seen')
    const inside = await view(THING_EXPORT, acme.cluster)
    await inside.mergePatch(thingRef('seen'), { metadata: { finalizers: ['broker.platform-mesh.io/finalizer'] } })
    await inside.mergePatch(thingRef('seen'), { status: { status: 'Available' } }, { subresource: 'status' })
    await inside.mergePatch(thingRef('seen'), { metadata: { finalizers: null } })
  })

  test('to keep a related Secret at a consumer', async () => {
    const inside = await view(THING_EXPORT, acme.cluster)
    const secret = relatedSecret('related')
    await inside.create({ ...SECRETS, namespace: 'default' }, secret)
    expect(await secretOf(acme, 'related')).toEqual({ word: 'from the broker' })
    const { metadata } = await inside.get<{ metadata: object }>(secretRef('related'))
    await inside.replace(secretRef('related'), { ...secret, metadata, data: { word: base64('changed') } })
    expect(await secretOf(acme, 'related')).toEqual({ word: 'changed' })
    await inside.delete(secretRef('related'))
  })

  test("to make workspaces and to bind a provider's export in them, by its own export alone", async () => {
    const name = 'trial'
    const spec = { type: { name: 'resource-broker', path: STAGING } }
    await within(STAGING).create(WORKSPACES, { ...workspace(name), spec })
    const cluster = await readyCluster(within(STAGING), name)
    const inside = await view('resource-broker', cluster, { in: STAGING })
    const reference = { export: { path: alpha.path, name: alpha.exportName } }
    const binding = { ...BINDINGS, name: alpha.exportName }
    await inside.create(BINDINGS, { ...apis('APIBinding', alpha.exportName), spec: { reference } })
    type Binding = { status?: { phase?: string } }
    await expect.poll(async () => (await inside.get<Binding>(binding)).status?.phase).toBe('Bound')
    for (const ref of [THING, SECRETS, BINDINGS]) expect(await answer(within(cluster).list(ref))).toBe(403)
    await inside.delete(binding)
    await within(STAGING).delete({ ...WORKSPACES, name })
  })
})

const workspace = (name: string) => ({
  apiVersion: 'tenancy.kcp.io/v1alpha1',
  kind: 'Workspace',
  metadata: { name },
})

/** The logical cluster of a workspace, once it is Ready. */
async function readyCluster(parent: KubeClient, name: string): Promise<string> {
  return await waitFor(`workspace ${name} is Ready`, async () => {
    type Workspace = { spec: { cluster?: string }; status?: { phase?: string } }
    const { spec, status } = await parent.get<Workspace>({ ...WORKSPACES, name })
    return status?.phase === 'Ready' ? spec.cluster : undefined
  })
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const apis = (kind: string, name: string) => ({ apiVersion: 'apis.kcp.io/v1alpha2', kind, metadata: { name } })
const relatedSecret = (name: string, own: object = { [labels.relatedTo]: 'key' }) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default', labels: own } },
  data: { word: base64('from the broker') },
})

describe('the identity is refused', () => {
  const word = { word: 'nobody else reads this' }

  test('a Secret of a consumer that no claim covers, by each way that there is', async () => {
    await putSecret(acme, 'default', 'private', word)
    expect(await answer(within(acme.cluster).get(secretRef('private')))).toBe(403)
    expect(await answer(within(acme.path).list(SECRETS))).toBe(403)

    const [inside, all] = [await view(THING_EXPORT, acme.cluster), await view(THING_EXPORT, '*', { at: acme.cluster })]
    expect(await answer(inside.get(secretRef('private')))).toBe(404)
    for (const each of [inside, all]) {
      const { items } = await each.list<{ metadata: { name: string } }>(SECRETS)
      expect(items.map(({ metadata }) => metadata.name)).not.toContain('private')
    }
    expect(await answer((await view('acceptapis', acme.cluster)).get(secretRef('private')))).toBe(403)
  })

  test('a way to make such a Secret one that a claim covers, to change it or to take it away', async () => {
    await putSecret(acme, 'default', 'private', word).catch(() => undefined)
    const inside = await view(THING_EXPORT, acme.cluster)
    const patch = { metadata: { labels: { [labels.relatedTo]: 'key' } } }
    for (const request of [
      inside.mergePatch(secretRef('private'), patch),
      inside.apply(secretRef('private'), { ...relatedSecret('private'), ...patch }, { force: true }),
      inside.replace(secretRef('private'), relatedSecret('private')),
      inside.delete(secretRef('private')),
      inside.create({ ...SECRETS, namespace: 'default' }, relatedSecret('private')),
    ])
      expect([403, 404, 409]).toContain(await answer(request))
    expect(await secretOf(acme, 'private')).toEqual(word)
    expect(await answer(inside.get(secretRef('private')))).toBe(404)
  })

  test('to put a Secret there that does not say what it belongs to', async () => {
    const inside = await view(THING_EXPORT, acme.cluster)
    expect(await answer(inside.create({ ...SECRETS, namespace: 'default' }, relatedSecret('loose', {})))).toBe(403)
  })

  test('Secrets of a consumer that rejected the claim, to read and to write', async () => {
    const ref = { ...BINDINGS, name: THING_EXPORT }
    type Binding = { spec: { permissionClaims: { resource: string; state: string }[] } }
    const { spec } = await globex.kube.get<Binding>(ref)
    const permissionClaims = spec.permissionClaims.map((claim) =>
      claim.resource === 'secrets' ? { ...claim, state: 'Rejected' } : claim,
    )
    await globex.kube.mergePatch(ref, { spec: { permissionClaims } })
    const inside = await view(THING_EXPORT, globex.cluster)
    const put = () => answer(inside.create({ ...SECRETS, namespace: 'default' }, relatedSecret('unwanted')))
    await expect.poll(put).toBe(403)
    expect(await answer(inside.list(SECRETS))).toBe(403)
    expect(await answer(inside.list(THING))).toBe(200)
  })

  test("a provider's Secrets", async () => {
    await putSecret(alpha, 'default', 'private', word)
    expect(await answer(within(alpha.cluster).get(secretRef('private')))).toBe(403)
    expect(await answer((await view('acceptapis', alpha.cluster)).get(secretRef('private')))).toBeGreaterThanOrEqual(
      403,
    )
    expect(await answer((await view(THING_EXPORT, alpha.cluster)).get(secretRef('private')))).toBe(403)
  })

  test('the keys of exports, in which their identity is', async () => {
    for (const path of [PLATFORM, STAGING])
      expect(await answer(within(path).list({ ...SECRETS, namespace: 'kcp-system' }))).toBe(403)
  })

  const refused: Right[] = [
    [PLATFORM, [...WRITE, 'bind'], EXPORTS, THING_EXPORT],
    [PLATFORM, WRITE, SCHEMAS],
    [PLATFORM, READ, CONTENT, 'another'],
    [PLATFORM, [...READ, ...WRITE], WORKSPACES],
    [COORDINATION, [...READ, ...WRITE], WORKSPACES],
    [COORDINATION, WRITE, SLICES],
    [STAGING, ['update', 'patch'], WORKSPACES],
    [STAGING, WRITE, { ...WORKSPACES, resource: 'workspacetypes' }],
    [VERIFICATION, [...READ, ...WRITE], EXPORTS],
    ...[PLATFORM, COORDINATION, STAGING, VERIFICATION].flatMap((path): Right[] => [
      [path, [...READ, ...WRITE], SECRETS],
      [path, [...WRITE, 'bind', 'escalate'], { ...RBAC, resource: 'clusterroles' }],
      [path, WRITE, { ...RBAC, resource: 'clusterrolebindings' }],
      [path, ['impersonate'], { group: '', version: 'v1', resource: 'users' }, 'kcp-admin'],
    ]),
  ]
  test.each(refused.map(titled))('$title', async ({ path, verbs, ref, name }) => {
    for (const verb of verbs) expect([verb, await may(path, verb, ref, name)]).toEqual([verb, false])
  })

  test('workspaces elsewhere: to list them and to look into them', async () => {
    for (const path of ['root', 'root:consumers', 'root:providers', PLATFORM, COORDINATION])
      expect([path, await answer(within(path).list(WORKSPACES))]).toEqual([path, 403])
    for (const path of [acme.path, alpha.path]) expect(await answer(within(path).list(THING))).toBe(403)
  })
})

describe('a user as the identity', () => {
  test('has the same rights, and a client certificate where there is an authority', async () => {
    const home = await mkdtemp(join(tmpdir(), 'resource-broker-'))
    const sandbox = await startSandbox()
    try {
      const kcpKubeconfig = await sandbox.writeKubeconfig(home)
      const output = join(home, 'broker.kubeconfig')
      const options = { kcpKubeconfig, output, crd: [THING_CRD], identity: 'user' as const, user: 'jane' }
      expect(await bootstrap(options)).toMatchObject({ user: 'jane', expires: undefined })
      await expect(stat(output)).rejects.toThrow(/ENOENT/)

      const authority = { clientCaCert: join(home, 'client-ca.crt'), clientCaKey: join(home, 'client-ca.key') }
      const { expires } = await bootstrap({ ...options, ...authority })
      expect(expires?.getTime()).toBeGreaterThan(Date.now())
      const jane = await wholeKcp(output)
      await jane.below(`/clusters/${COORDINATION}`).list({ ...COORD, resource: 'assignments' })
      for (const path of [PLATFORM, COORDINATION, STAGING])
        expect(await answer(jane.below(`/clusters/${path}`).list(SECRETS))).toBe(403)
      jane.close()
    } finally {
      await sandbox.close()
      await rm(home, { recursive: true, force: true })
    }
  })
})
