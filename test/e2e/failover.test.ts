import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Migration, PlacementPolicy } from '@resource-broker/api'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ENGINE, type Landscape, type PlaneSite, type Site } from '../support/landscape.ts'
import { neverAbsent } from '../support/never-absent.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  copyAt,
  create,
  eventsAbout,
  gone,
  makePolicy,
  migrationsOf,
  offer,
  offerCondition,
  providerRef,
  read,
  release,
  roundTrip,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta, gamma] = [] as unknown as [Site, Site, Site, Site]

const fileOf = ({ name }: Site) => join(landscape.dir, 'kubeconfigs/providers', `${name}.kubeconfig`)
const takeAway = (provider: Site) => rm(fileOf(provider))
const giveBack = (provider: Site) => symlink(provider.kubeconfig, fileOf(provider))

/** Objects with this label leave a provider that is away for so long, others after an hour or never. */
const AFTER_MS = 5_000
const labels = { leaves: 'soon' }

let policy: ObjectRef

beforeAll(async () => {
  if (ENGINE === 'kcp') return
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta', 'gamma'] })
  landscape = scene.landscape
  ;[acme, alpha, beta, gamma] = [scene.site('acme'), scene.site('alpha'), scene.site('beta'), scene.site('gamma')]
  await offer(alpha, 'any', { weight: 9 })
  await offer(beta, 'any', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(gamma, 'none', { filters: [{ key: 'size', valueIn: ['none'] }] })
  for (const [provider, name] of [
    [alpha, 'any'],
    [beta, 'any'],
    [gamma, 'none'],
  ] as const)
    await offerCondition(provider, name, 'True', 'Indexed')
  policy = await makePolicy(landscape.platform, 'leaves', {
    selector: { objects: { matchLabels: labels } },
    failover: { after: `${AFTER_MS}ms`, maxPerMinute: 100 },
  })
  const late = { selector: { objects: { matchLabels: { leaves: 'late' } } }, failover: { after: '1h' } }
  await judged('True', 'Ready', await makePolicy(landscape.platform, 'waits', late))
  await judged('True', 'Ready')
})

afterAll(() => scene?.stop())

beforeEach((context) => {
  if (ENGINE === 'kcp') context.skip('a provider of a kcp is as far away as its shard')
})

/** Waits until the policy says this of its failover. */
const judged = (status: string, reason: string, of = policy) =>
  waitFor(`failover by ${of.name} is ${status} for ${reason}`, async () => {
    const said = conditionOf((await read<PlacementPolicy>(landscape.platform, of)) as never, 'Failover')
    return said?.status === status && said.reason === reason ? said : undefined
  })

const reachable = async (provider: Site) =>
  conditionOf(await read(landscape.platform, providerRef(provider)), 'Reachable')

/** Waits until the platform has it that a provider is away; since when. */
const awaySince = (provider: Site) =>
  waitFor(`${provider.name} is away`, async () => {
    const said = await reachable(provider)
    return said?.status === 'False' ? said.lastTransitionTime : undefined
  })

/** Gives a provider back; one that goes again before that is recorded was away all the time. */
async function comeBack(provider: Site): Promise<void> {
  await giveBack(provider)
  await waitFor(`${provider.name} is back`, async () => (await reachable(provider))?.status === 'True')
}

const leaver = (name: string, spec: object) => thing(name, { size: 'small', ...spec }, { labels })

async function moveOf(name: string): Promise<Migration> {
  return await waitFor('the move is over', async () => {
    const [migration] = await migrationsOf(landscape, acme, name)
    return migration?.status?.state === 'CutoverCompleted' ? migration : undefined
  })
}

test('an object is available from another provider once its own is away for long, and what it had there goes when that is back', async () => {
  await create(acme, leaver('leaves', { secret: true, value: 1 }))
  const { metadata } = await served(acme, 'leaves', alpha)
  const check = await neverAbsent(acme, 'leaves-secret')
  await takeAway(alpha)
  const since = await awaySince(alpha)
  await served(acme, 'leaves', beta)
  const { spec, status, metadata: move } = await moveOf('leaves')
  expect(spec.failover).toEqual({ policy: 'leaves', awaySince: since })
  expect(Date.parse(move.creationTimestamp ?? '') - Date.parse(since)).toBeGreaterThanOrEqual(AFTER_MS)
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  expect(ready?.message).toBe('moved from alpha to beta; the copy that is left there goes when its provider is back')
  await told(acme, 'leaves', 'Placed', 'True', 'Placed')
  expect(await read(...copyAt(alpha, acme, 'leaves'))).toBeDefined()
  await waitFor('the old copy is listed', async () => {
    const { copies } = (await assignmentOf(landscape, acme, 'leaves'))?.status ?? {}
    return copies?.some(({ providerCluster, state }) => providerCluster === 'alpha' && state === 'Away')
  })
  check()
  await comeBack(alpha)
  await gone(...copyAt(alpha, acme, 'leaves'))
  await roundTrip(acme, 'leaves', beta) // karmada#5150: what has come stays
  expect((await migrationsOf(landscape, acme, 'leaves')).length).toBe(1)
  expect(await eventsAbout(acme, metadata.uid)).not.toContain('FailoverHeld')
  await release(acme, 'leaves')
})

test('kueue#12999: a provider that blinks moves nothing, and its objects are as they were', async () => {
  await create(acme, thing('stays', { size: 'small', value: 1 }, { labels: { leaves: 'late' } }))
  await served(acme, 'stays', alpha)
  await takeAway(alpha)
  const { message } = await told(acme, 'stays', 'Placed', 'True', 'AwaitsFailover')
  const [, since = '', due = ''] = /^placed at alpha, which is away since (\S+); failover at (\S+)$/.exec(message) ?? []
  expect([since, Date.parse(due) - Date.parse(since)]).toEqual([await awaySince(alpha), 3_600_000])
  await comeBack(alpha)
  await told(acme, 'stays', 'Placed', 'True', 'Placed')
  await roundTrip(acme, 'stays', alpha)
  expect(await migrationsOf(landscape, acme, 'stays')).toEqual([])
  await release(acme, 'stays')
})

test('karmada#6925: while too many providers are away nothing fails over, which each object and the policy say', async () => {
  await create(acme, leaver('held', { value: 1 }))
  const { metadata } = await served(acme, 'held', alpha)
  await takeAway(gamma)
  await awaySince(gamma)
  await takeAway(alpha)
  const { message } = await told(acme, 'held', 'Placed', 'True', 'FailoverHeld')
  expect(message).toMatch(
    /^placed at alpha, which is away since \S+; failover is held: 2 of 3 providers are away, PlacementPolicy leaves stops above 50 %$/,
  )
  expect((await judged('False', 'TooManyAway')).message).toBe(
    '2 of 3 providers are away, more than 50 %: nothing fails over',
  )
  expect(await migrationsOf(landscape, acme, 'held')).toEqual([])
  expect(await eventsAbout(acme, metadata.uid)).toContain('FailoverHeld')
  await comeBack(gamma)
  await served(acme, 'held', beta)
  await judged('True', 'Ready')
  await comeBack(alpha)
  await gone(...copyAt(alpha, acme, 'held'))
  await release(acme, 'held')
})

test('karmada#7455: an object that nobody else takes stays where it is, says so, and is in sync when its provider is back', async () => {
  await create(acme, leaver('alone', { size: 'huge', value: 1 }))
  await served(acme, 'alone', alpha)
  await takeAway(alpha)
  const held = await waitFor('it says why', async () => {
    const said = conditionOf(await read(acme, thingRef('alone')), 'Placed')
    return said?.reason === 'FailoverHeld' ? said : undefined
  })
  expect(held.message).toMatch(/failover is held: nobody else accepts the object: 0 of [23] offers: /)
  await comeBack(alpha)
  await told(acme, 'alone', 'Placed', 'True', 'Placed')
  await roundTrip(acme, 'alone', alpha)
  expect(await migrationsOf(landscape, acme, 'alone')).toEqual([])
  await release(acme, 'alone')
})

test('an object leaves a provider whose API server answers nobody as well, and another one that does not ask for it stays', async (context) => {
  if (ENGINE !== 'clusters') return context.skip('a workspace has no API server of its own')
  const plane = alpha as PlaneSite
  await create(acme, leaver('deaf', { value: 1 }))
  await create(acme, thing('patient', { size: 'small', value: 1 }))
  await served(acme, 'deaf', alpha)
  await served(acme, 'patient', alpha)
  await plane.apiServer.stop()
  await served(acme, 'deaf', beta)
  const { status } = await moveOf('deaf')
  expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(
    'moved from alpha to beta; the copy that is left there goes when its provider is back',
  )
  expect(await migrationsOf(landscape, acme, 'patient')).toEqual([])
  await plane.restartApiServer()
  await gone(...copyAt(alpha, acme, 'deaf'))
  await roundTrip(acme, 'patient', alpha)
  await roundTrip(acme, 'deaf', beta)
  await release(acme, 'deaf')
  await release(acme, 'patient')
})
