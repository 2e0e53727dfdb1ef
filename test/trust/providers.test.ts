import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { annotations, copyName, originAnnotations } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  copyRef,
  create,
  gone,
  offer,
  patchSpec,
  read,
  release,
  roundTrip,
  secretOf,
  secretRef,
  served,
  type Thing,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, globex, alpha, beta] = [] as unknown as [Site, Site, Site, Site]

/** Content that must not be found where no content belongs. */
const SENTINEL = 'sentinel-5f1e0c7a-content'
/** A name that must be found in the stream: the search can find something. */
const MARKER = 'marker-of-the-stream'

const CORE = { group: '', version: 'v1' }
const NAMESPACES = { ...CORE, resource: 'namespaces' }

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme', 'globex'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, globex, alpha, beta] = [scene.site('acme'), scene.site('globex'), scene.site('alpha'), scene.site('beta')]
  for (const name of ['evil', 'other']) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await Promise.all([alpha, beta].map((provider) => provider.kube.create(NAMESPACES, body)))
  }
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
})

afterAll(() => scene?.stop())

type Claim = { consumer: string; name: string; copy?: string; namespace?: string }

/** An object that a provider made and that claims to be a copy, with a status and a Secret that nobody may get. */
async function forge(
  provider: Site,
  { consumer, name, copy = copyName(consumer, name), namespace = 'default' }: Claim,
) {
  const claims = {
    ...originAnnotations({ cluster: consumer, namespace: 'default', name }, provider.name),
    [annotations.consumerUID]: 'forged',
    [annotations.consumerGeneration]: '1',
  }
  const ref = thingRef(copy, namespace)
  const body = thing(copy, { forged: true }, { namespace, annotations: claims })
  const { metadata } = await provider.kube.create<Thing>(ref, body, { fieldManager: 'provider' })
  await putSecret(provider, namespace, `${copy}-forged`, { content: SENTINEL })
  const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
  const status = {
    ...{ status: 'Available', from: 'forged', observedGeneration: metadata.generation },
    relatedResources: { forged: { namespace, name: `${copy}-forged`, gvk } },
  }
  await provider.kube.mergePatch(ref, { status }, { subresource: 'status' })
  return { ref, uid: metadata.uid }
}

async function expectUntouched(provider: Site, { ref, uid }: { ref: ReturnType<typeof thingRef>; uid: string }) {
  const object = await read(provider, ref)
  expect(object?.metadata).toMatchObject({ uid, generation: 1 })
  expect(object?.metadata.deletionTimestamp).toBeUndefined()
  expect(object?.spec).toEqual({ forged: true })
}

const relatedNames = async (consumer: Site): Promise<string[]> => {
  const lists = ['secrets', 'configmaps'].map((resource) => consumer.kube.list<KubeObject>({ ...CORE, resource }))
  const objects = (await Promise.all(lists)).flatMap(({ items }) => items)
  return objects
    .filter(({ metadata }) => !metadata.namespace?.startsWith('kube-') && metadata.name !== 'kube-root-ca.crt')
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort()
}

test('objects that a provider makes with forged origins reach no consumer, stay as they are, and leave the true copy alone', async () => {
  await create(acme, thing('true', { size: 'small', secret: true, value: 1 }))
  await served(acme, 'true', alpha)
  await expect.poll(() => secretOf(acme, 'true-secret')).toEqual({ from: 'alpha/1' })
  const uid = (await read(alpha, copyRef(acme, 'true')))?.metadata.uid
  const forged = [
    { at: beta, it: await forge(beta, { consumer: 'acme', name: 'true' }) },
    { at: beta, it: await forge(beta, { consumer: 'acme', name: 'true', copy: 'any-name' }) },
    { at: beta, it: await forge(beta, { consumer: 'globex', name: 'true' }) },
    { at: beta, it: await forge(beta, { consumer: 'acme', name: 'ghost' }) },
    { at: beta, it: await forge(beta, { consumer: 'nobody', name: 'true' }) },
    { at: alpha, it: await forge(alpha, { consumer: 'acme', name: 'true', namespace: 'evil' }) },
    { at: alpha, it: await forge(alpha, { consumer: 'acme', name: 'true', copy: 'any-name' }) },
    { at: alpha, it: await forge(alpha, { consumer: 'acme', name: 'ghost' }) },
  ]
  const before = await relatedNames(acme)

  const object = await roundTrip(acme, 'true', alpha)
  expect(JSON.stringify(object)).not.toContain('forged')
  expect(await relatedNames(acme)).toEqual(before)
  expect(await relatedNames(globex)).toEqual([])
  expect((await read(alpha, copyRef(acme, 'true')))?.metadata.uid).toBe(uid)
  expect((await assignmentOf(landscape, acme, 'true'))?.spec).toMatchObject({ providerCluster: 'alpha' })
  expect((await assignmentOf(landscape, acme, 'true'))?.spec.copies).toBeUndefined()
  expect(await read(acme, thingRef('ghost'))).toBeUndefined()
  expect(await assignmentOf(landscape, acme, 'ghost')).toBeUndefined()

  await release(acme, 'true')
  await gone(alpha, copyRef(acme, 'true'))
  for (const { at, it } of forged) await expectUntouched(at, it)
})

test('a move goes by a forged object at its target: a conflict, and the object stays where it is', async () => {
  await create(acme, thing('trapped', { size: 'small' }))
  await served(acme, 'trapped', alpha)
  const forged = await forge(beta, { consumer: 'acme', name: 'trapped' })
  await patchSpec(acme, thingRef('trapped'), { size: 'large' })
  await told(acme, 'trapped', 'Synced', 'False', 'CopyConflict')
  expect((await read(acme, thingRef('trapped')))?.status?.['from']).toBe('alpha')
  expect((await assignmentOf(landscape, acme, 'trapped'))?.spec.providerCluster).toBe('alpha')
  await expectUntouched(beta, forged)
  await beta.kube.delete(forged.ref)
  await served(acme, 'trapped', beta)
})

test.each([
  { kind: 'a foreign object', name: 'taken', claims: false },
  { kind: 'a foreign object with forged origin', name: 'taken-too', claims: true },
])(
  "$kind that has the copy's name stays, the condition says so, and the object is synced once it went",
  async ({ name, claims }) => {
    const foreign = thingRef(copyName('acme', name))
    if (claims) await forge(alpha, { consumer: 'acme', name })
    else await alpha.kube.create(foreign, thing(foreign.name, { forged: true }), { fieldManager: 'provider' })
    const before = await read(alpha, foreign)
    await create(acme, thing(name, { size: 'small', value: 'mine' }))
    const { message } = await told(acme, name, 'Synced', 'False', 'CopyConflict')
    expect(message).toBe("alpha has an object of the copy's name that the broker did not create; it is left as it is")
    const after = await read(alpha, foreign)
    expect([after?.spec, after?.metadata.uid]).toEqual([{ forged: true }, before?.metadata.uid])
    const object = await read(acme, thingRef(name))
    expect(object?.spec).toEqual({ size: 'small', value: 'mine' })
    expect(JSON.stringify(object?.status)).not.toContain('forged')
    await alpha.kube.delete(foreign)
    await served(acme, name, alpha)
    await told(acme, name, 'Synced', 'True', 'Synced')
  },
)

test("a Secret that the consumer already has under the related object's name stays, and the condition says so", async () => {
  await putSecret(acme, 'default', 'owned-secret', { content: 'the consumer’s own' })
  await create(acme, thing('owned', { size: 'small', secret: true, value: 1 }))
  const { message } = await told(acme, 'owned', 'Synced', 'False', 'RelatedConflict')
  expect(message).toContain('secrets/owned-secret')
  await roundTrip(acme, 'owned', alpha)
  expect(await secretOf(acme, 'owned-secret')).toEqual({ content: 'the consumer’s own' })
  await release(acme, 'owned')
  await gone(alpha, copyRef(acme, 'owned'))
  expect(await secretOf(acme, 'owned-secret')).toEqual({ content: 'the consumer’s own' })
})

const SECRET = { group: 'core', version: 'v1', kind: 'Secret' }
const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, { name: '../x', gvk: SECRET }]))

test.each([
  {
    what: 'a Secret of another namespace',
    related: { a: { namespace: 'other', name: 'bait', gvk: SECRET } },
    says: 'out of this object',
  },
  {
    what: 'a Secret of kube-system',
    related: { a: { namespace: 'kube-system', name: 'bait', gvk: SECRET } },
    says: 'out of this object',
  },
  {
    what: 'a Role',
    related: {
      a: {
        namespace: 'default',
        name: 'bait',
        gvk: { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role' },
      },
    },
    says: 'Role is not among the kinds that travel',
  },
  {
    what: 'a Pod',
    related: { a: { name: 'bait', gvk: { ...SECRET, kind: 'Pod' } } },
    says: 'Pod is not among the kinds that travel',
  },
  {
    what: 'a kind named like a field of every object',
    related: { a: { name: 'bait', gvk: { ...SECRET, kind: 'constructor' } } },
    says: 'constructor is not among',
  },
  {
    what: 'a token of a service account',
    related: { a: { name: 'token', gvk: SECRET } },
    says: 'kubernetes.io/service-account-token',
  },
  {
    what: 'a bootstrap token',
    related: { a: { name: 'bootstrap', gvk: SECRET } },
    says: 'bootstrap.kubernetes.io/token',
  },
  {
    what: 'a name that climbs',
    related: { a: { name: '../../x', gvk: SECRET } },
    says: 'name is not the name of an object',
  },
  {
    what: 'a namespace that climbs',
    related: { a: { namespace: '../kube-system', name: 'bait', gvk: SECRET } },
    says: 'namespace is not',
  },
  { what: 'an entry that is no object', related: { a: 'bait' }, says: 'is not an object' },
  { what: 'a list in the place of the entries', related: ['bait'], says: 'is not an object' },
  {
    what: 'an entry called __proto__',
    related: JSON.parse('{"__proto__":{"name":"bait","gvk":{"kind":"Role"}}}'),
    says: '__proto__',
  },
  { what: 'an entry without a kind', related: { a: { name: 'bait' } }, says: 'gvk is missing' },
  { what: 'a thousand entries', related: many, says: 'has 1000 entries' },
])(
  'a status that refers to $what is refused with a clear condition, and nothing is written',
  async ({ related, says }) => {
    await makeBaits()
    const name = 'hostile'
    if ((await read(acme, thingRef(name))) === undefined) {
      await create(acme, thing(name, { size: 'small' }))
      await served(acme, name, alpha)
    }
    const before = await relatedNames(acme)
    const status = { relatedResources: related }
    // The entries of the test before must go, and a merge patch would keep them.
    await alpha.kube.mergePatch(copyRef(acme, name), { status: { relatedResources: null } }, { subresource: 'status' })
    await told(acme, name, 'Synced', 'True', 'Synced')
    const copy = (await read(alpha, copyRef(acme, name))) as Thing
    await alpha.kube.replace(
      copyRef(acme, name),
      { ...copy, status: { ...copy.status, ...status } },
      { subresource: 'status' },
    )
    const { message } = await told(acme, name, 'Synced', 'False', 'RelatedRefused')
    expect(message).toContain(says)
    await alpha.kube.mergePatch(copyRef(acme, name), { status: { seen: says } }, { subresource: 'status' })
    await waitFor('a later status arrives', async () => (await read(acme, thingRef(name)))?.status?.['seen'] === says)
    expect(await relatedNames(acme)).toEqual(before)
    expect(Object.keys(Object.prototype)).toEqual([])
  },
)

/** What a hostile status may refer to, all there to be taken. */
async function makeBaits(): Promise<void> {
  if ((await read(alpha, secretRef('token'))) !== undefined) return
  await putSecret(alpha, 'default', 'bait', { content: SENTINEL })
  await putSecret(alpha, 'other', 'bait', { content: SENTINEL })
  await alpha.kube
    .create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } })
    .catch(() => undefined)
  await putSecret(alpha, 'kube-system', 'bait', { content: SENTINEL })
  const typed = (name: string, type: string, notes: Record<string, string> = {}) => {
    const metadata = { name, namespace: 'default', annotations: notes }
    const data = { token: Buffer.from(SENTINEL).toString('base64') }
    return alpha.kube.create(secretRef(name), { apiVersion: 'v1', kind: 'Secret', metadata, type, data })
  }
  await typed('bootstrap', 'bootstrap.kubernetes.io/token')
  await typed('token', 'kubernetes.io/service-account-token', { 'kubernetes.io/service-account.name': 'default' })
}

test('the content of Secrets is nowhere in NATS, in the log or in Events', async () => {
  const name = MARKER
  await create(acme, thing(name, { size: 'small', secret: true, value: SENTINEL }))
  await expect.poll(() => secretOf(acme, `${name}-secret`), { timeout: 10_000 }).toEqual({ from: `alpha/${SENTINEL}` })
  await putSecret(alpha, 'default', `${copyName('acme', name)}-secret`, {
    rotated: 'rotated-b1946ac9',
    cert: 'c2VjcmV0',
  })
  await expect
    .poll(() => secretOf(acme, `${name}-secret`), { timeout: 10_000 })
    .toMatchObject({ rotated: 'rotated-b1946ac9' })
  await putSecret(acme, 'default', 'owned-two-secret', { own: 'own-of-consumer-77aa' })
  await create(acme, thing('owned-two', { size: 'small', secret: true, value: 2 }))
  await told(acme, 'owned-two', 'Synced', 'False', 'RelatedConflict')
  // The sentinel is in the spec on purpose, so the Secret's own wording is what is looked for.
  const content = [`alpha/${SENTINEL}`, 'rotated-b1946ac9', 'own-of-consumer-77aa']
  const secrets = content.flatMap((text) => [text, Buffer.from(text).toString('base64')])
  const stored = await filesBelow(join(landscape.dir, 'jetstream'))
  expect(stored).toContain(MARKER)
  const logs = await readFile(scene.broker.logFile, 'utf8')
  expect(logs).toContain('"started"')
  const sites = [landscape.platform, acme, globex, alpha, beta]
  const events = await Promise.all(sites.map(({ kube }) => kube.list({ ...CORE, resource: 'events' })))
  for (const text of secrets) {
    expect(stored.includes(text), `"${text}" in NATS`).toBe(false)
    expect(logs.includes(text), `"${text}" in the log`).toBe(false)
    expect(JSON.stringify(events).includes(text), `"${text}" in an Event`).toBe(false)
  }
})

/** All bytes that a folder's files hold. JetStream stores messages as they are. */
async function filesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const texts = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))
  return texts.join('\n')
}

test('a provider that turns its copies over cannot reach Things of another kind of consumer', async () => {
  await create(globex, thing('apart', { size: 'small', secret: true, value: 'globex' }))
  await served(globex, 'apart', alpha)
  const copy = copyRef(globex, 'apart')
  await alpha.kube.mergePatch(copy, {
    metadata: { annotations: { [annotations.consumerCluster]: 'acme', [annotations.consumerName]: 'apart' } },
  })
  await roundTrip(globex, 'apart', alpha)
  expect(await read(acme, thingRef('apart'))).toBeUndefined()
  expect(await secretOf(acme, 'apart-secret')).toBeUndefined()
  expect((await read(alpha, copy))?.metadata.annotations).toMatchObject({ [annotations.consumerCluster]: 'globex' })
  expect(conditionOf(await read(globex, thingRef('apart')), 'Synced')?.status).toBe('True')
  expect(
    (await alpha.kube.list<KubeObject>(THING)).items.filter(({ metadata }) => metadata.name === copy.name),
  ).toHaveLength(1)
})
