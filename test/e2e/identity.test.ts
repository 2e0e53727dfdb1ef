import { readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Assignment, annotations, Provider } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ENGINE, type Landscape, type Site } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  copyAt,
  create,
  gone,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  read,
  release,
  roundTrip,
  served,
  type Thing,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  if (ENGINE === 'kcp') return
  const twoVersions = join(import.meta.dirname, 'fixtures/thing-two-versions-crd.yaml')
  scene = await startScene({
    ...{ consumers: ['acme', 'globex'], providers: ['alpha', 'beta'] },
    ...{ consumerCrds: [twoVersions], providerCrds: [twoVersions], kinds: ['Thing.v2.test.platform-mesh.io'] },
  })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
})

afterAll(() => scene?.stop())

beforeEach((context) => {
  if (ENGINE === 'kcp') context.skip('a logical cluster has one name for ever')
})

const fileOf = (role: 'consumers' | 'providers', name: string) =>
  join(landscape.dir, 'kubeconfigs', role, `${name}.kubeconfig`)
const providerOf = (name: string) =>
  read<Provider>(landscape.platform, { ...Provider.resource, name }) as Promise<Provider | undefined>

/** The Assignments of objects of one name. */
async function placements(name: string): Promise<Assignment['spec'][]> {
  const { items } = await landscape.platform.kube.list<Assignment>({ ...Assignment.resource })
  return items.map(({ spec }) => spec).filter((spec) => spec.name === name)
}

/** The condition Reachable of a Provider, once it says so. */
async function reachable(name: string, status: string, reason: string): Promise<string> {
  const find = async () => (await providerOf(name))?.status?.conditions?.find(({ type }) => type === 'Reachable')
  await waitFor(`${name} is ${reason}`, async () => {
    const condition = await find()
    return condition?.status === status && condition.reason === reason
  })
  return (await find())?.message ?? ''
}

/** What the broker has logged. */
async function logged(): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(scene.broker.logFile, 'utf8')).trim().split('\n')
  return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
}

/** The line that the broker wrote when it refused a cluster under a name. */
async function refusal(name: string): Promise<string> {
  let why: string | undefined
  await waitFor(`the broker refuses ${name}`, async () => {
    why = (await logged()).findLast(({ msg, cluster }) => msg === 'cluster is refused' && cluster === name)?.[
      'why'
    ] as string
    return why !== undefined
  })
  return why as string
}

/** Under which names the object has Assignments, and how many copies at alpha. */
async function recordsOf(name: string): Promise<{ consumers: string[]; copies: number }> {
  const { items } = await landscape.platform.kube.list<Assignment>({ ...Assignment.resource })
  const copies = await alpha.kube.list<Thing>({ ...THING, namespace: 'default' })
  return {
    consumers: items.filter(({ spec }) => spec.name === name).map(({ spec }) => spec.consumerCluster),
    copies: copies.items.filter(({ metadata }) => metadata.annotations?.[annotations.consumerName] === name).length,
  }
}

test('each provider is shown with its uid, what it offers and what is placed there', async () => {
  await create(acme, thing('shown', { size: 'small', value: 1 }))
  await served(acme, 'shown', alpha)
  await reachable('alpha', 'True', 'Connected')
  await waitFor('counts', async () => {
    const { objects, offers } = (await providerOf('alpha'))?.status ?? {}
    return objects === 1 && offers === 1
  })
  const { uid } =
    (await read(alpha, { group: '', version: 'v1', resource: 'namespaces', name: 'default' }))?.metadata ?? {}
  const system = await read(alpha, { group: '', version: 'v1', resource: 'namespaces', name: 'kube-system' })
  expect((await providerOf('alpha'))?.status?.clusterUID).toBe(system?.metadata.uid ?? uid)
})

test('an object of a kind that is watched in two versions is placed once, in the first that was given', async () => {
  const told = (await logged()).map(({ msg }) => msg as string).filter((msg) => msg.startsWith('--watch-kind'))
  expect(told).toEqual([
    '--watch-kind Thing.v2.test.platform-mesh.io is left out: one version of a kind is watched, the first that is given',
  ])
  await create(acme, thing('versioned', { size: 'small', value: 1 }))
  await served(acme, 'versioned', alpha)
  await roundTrip(acme, 'versioned', alpha)
  expect(await placements('versioned')).toMatchObject([{ consumerCluster: 'acme', gvr: { version: 'v1' } }])
  await release(acme, 'versioned')
  expect(await placements('versioned')).toEqual([])
})

test('a consumer cluster under a second file name is refused in one line, and its objects have one copy', async () => {
  await symlink(acme.kubeconfig, fileOf('consumers', 'twin'))
  expect(await refusal('twin')).toBe(
    'consumer twin is not connected: it is the cluster that is connected as consumer acme already: one of the two kubeconfigs has to go',
  )
  await create(acme, thing('single', { size: 'small', value: 1 }))
  await served(acme, 'single', alpha)
  expect(await recordsOf('single')).toEqual({ consumers: ['acme'], copies: 1 })
  await rm(fileOf('consumers', 'twin'))
})

test('a consumer cluster whose kubeconfig is renamed has no second copy of anything, also after a restart, and goes on under its old name', async () => {
  await create(acme, thing('kept', { size: 'small', value: 1 }))
  await served(acme, 'kept', alpha)
  const uid = (await read(...copyAt(alpha, acme, 'kept')))?.metadata.uid
  await rm(fileOf('consumers', 'acme'))
  await symlink(acme.kubeconfig, fileOf('consumers', 'acme-corp'))
  expect(await refusal('acme-corp')).toMatch(/it is the cluster that is (known|connected) as consumer acme/)
  await scene.broker.stop()
  await rename(fileOf('consumers', 'acme-corp'), fileOf('consumers', 'acme-inc'))
  await scene.broker.start()
  expect(await refusal('acme-inc')).toContain('it is the cluster that is known as consumer acme')
  await create(scene.site('globex'), thing('meanwhile', { size: 'small' }))
  await served(scene.site('globex'), 'meanwhile', alpha)
  expect(await recordsOf('kept')).toEqual({ consumers: ['acme'], copies: 1 })
  await rename(fileOf('consumers', 'acme-inc'), fileOf('consumers', 'acme'))
  await patchSpec(acme, thingRef('kept'), { value: 2 })
  await served(acme, 'kept', alpha)
  expect((await read(...copyAt(alpha, acme, 'kept')))?.metadata.uid).toBe(uid)
  expect(await recordsOf('kept')).toEqual({ consumers: ['acme'], copies: 1 })
})

test('a provider whose kubeconfig is renamed is not taken for another one, and goes on under its old name', async () => {
  await create(acme, thing('stays', { size: 'small', value: 1 }))
  await served(acme, 'stays', alpha)
  const uid = (await read(...copyAt(alpha, acme, 'stays')))?.metadata.uid
  await rm(fileOf('providers', 'alpha'))
  await symlink(alpha.kubeconfig, fileOf('providers', 'renamed'))
  expect(await refusal('renamed')).toMatch(/(known|connected already)? ?as provider alpha/)
  await reachable('alpha', 'False', 'NotConnected')
  await rm(fileOf('providers', 'renamed'))
  await symlink(alpha.kubeconfig, fileOf('providers', 'alpha'))
  await reachable('alpha', 'True', 'Connected')
  await patchSpec(acme, thingRef('stays'), { value: 2 })
  await served(acme, 'stays', alpha)
  expect((await read(...copyAt(alpha, acme, 'stays')))?.metadata.uid).toBe(uid)
})

test('another cluster under the name of a provider is not believed, and the Provider says so', async () => {
  await rm(fileOf('providers', 'beta'))
  await reachable('beta', 'False', 'NotConnected')
  await symlink(alpha.kubeconfig, fileOf('providers', 'beta'))
  const message = await reachable('beta', 'False', 'AnotherCluster')
  expect(message).toMatch(/another cluster answers \(uid .*\) than the one that went by this name \(uid .*\)/)
  await rm(fileOf('providers', 'beta'))
  await symlink(beta.kubeconfig, fileOf('providers', 'beta'))
  await reachable('beta', 'True', 'Connected')
})

test('a copy that is deleted while the kubeconfig of its provider is away is made again when it returns', async () => {
  await create(acme, thing('remade', { size: 'large', value: 1 }))
  await served(acme, 'remade', beta)
  const [place, ref] = copyAt(beta, acme, 'remade')
  const before = (await read(place, ref))?.metadata.uid
  await rm(fileOf('providers', 'beta'))
  await told(acme, 'remade', 'Synced', 'False', 'NotAccepted')
  await place.kube.delete(ref)
  await symlink(beta.kubeconfig, fileOf('providers', 'beta'))
  await waitFor('another copy', async () => {
    const uid = (await read(place, ref))?.metadata.uid
    return uid !== undefined && uid !== before
  })
  await served(acme, 'remade', beta)
})

test('an object that is deleted while its copy went away with the kubeconfig of its provider is let go when that returns', async () => {
  await create(acme, thing('undone', { size: 'large', value: 1 }))
  await served(acme, 'undone', beta)
  const [place, ref] = copyAt(beta, acme, 'undone')
  await rm(fileOf('providers', 'beta'))
  await told(acme, 'undone', 'Synced', 'False', 'NotAccepted')
  await place.kube.delete(ref)
  await acme.kube.delete(thingRef('undone'))
  const { message } = await told(acme, 'undone', 'Synced', 'False', 'Deleting')
  expect(message).toContain('provider beta is not connected')
  await symlink(beta.kubeconfig, fileOf('providers', 'beta'))
  await gone(acme, thingRef('undone'))
  expect(await assignmentOf(landscape, acme, 'undone')).toBeUndefined()
})

test.each([
  { what: 'while the broker runs', name: 'leaves', restart: false },
  { what: 'and the broker starts without it', name: 'leaves-early', restart: true },
])(
  'when the kubeconfig of its provider goes $what an object moves to who else takes it, and what it had goes when the kubeconfig returns',
  async ({ name, restart }) => {
    await offer(beta, name, { filters: [{ key: 'size', valueIn: [name] }], weight: 2 })
    await offer(alpha, name, { filters: [{ key: 'size', valueIn: [name] }] })
    for (const site of [alpha, beta]) await offerCondition(site, name, 'True', 'Indexed')
    await create(acme, thing(name, { size: name, secret: true, value: 1 }))
    await served(acme, name, beta)
    if (restart) await scene.broker.stop()
    await rm(fileOf('providers', 'beta'))
    if (restart) await scene.broker.start()
    await served(acme, name, alpha)
    await waitFor('the move is over', async () => {
      const [migration] = await migrationsOf(landscape, acme, name)
      return migration?.status?.state === 'CutoverCompleted'
    })
    expect((await read(...copyAt(beta, acme, name)))?.metadata.deletionTimestamp).toBeUndefined()
    await acme.kube.delete(thingRef(name))
    const { message } = await told(acme, name, 'Synced', 'False', 'Deleting')
    expect(message).toContain('provider beta is not connected')
    await symlink(beta.kubeconfig, fileOf('providers', 'beta'))
    await gone(acme, thingRef(name))
    for (const site of [alpha, beta]) expect(await read(...copyAt(site, acme, name))).toBeUndefined()
    expect(await assignmentOf(landscape, acme, name)).toBeUndefined()
  },
)

test('an object that waits for a provider that will not come back is let go once the platform says so', async () => {
  await create(acme, thing('waits', { size: 'large', value: 1 }))
  await served(acme, 'waits', beta)
  await rm(fileOf('providers', 'beta'))
  await reachable('beta', 'False', 'NotConnected')
  await acme.kube.delete(thingRef('waits'))
  await landscape.platform.kube.mergePatch({ ...Provider.resource, name: 'beta' }, { spec: { lost: true } })
  await reachable('beta', 'False', 'Lost')
  await gone(acme, thingRef('waits'))
})
