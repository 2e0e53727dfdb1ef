import type { Migration, Provider } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { neverAbsent } from '../support/never-absent.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  configureMoves,
  copyAt,
  create,
  gone,
  instruct,
  migrationsOf,
  offer,
  offerCondition,
  providerRef,
  read,
  release,
  roundTrip,
  served,
  thing,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  const before = async ({ flags }: Landscape) => void flags.push('--moves-without-approval', '0')
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'], before })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'all', { weight: 10 })
  await offer(beta, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offerCondition(alpha, 'all', 'True', 'Indexed')
  await offerCondition(beta, 'small', 'True', 'Indexed')
})

afterEach(() => setDrain(alpha, null))
afterAll(() => scene?.stop())

const setDrain = (provider: Site, drain: object | null) => instruct(landscape.platform, provider, { drain })

/** Waits until the Provider says this of its drain; undefined: nothing. */
async function drained(provider: Site, status?: string, reason?: string, message?: string): Promise<void> {
  await waitFor(`Drained of ${provider.name} is ${status}: ${message}`, async () => {
    const conditions = (await read<Provider>(landscape.platform, providerRef(provider)))?.status?.conditions
    const said = conditions?.find(({ type }) => type === 'Drained')
    return said?.status === status && said?.reason === reason && said?.message === message
  })
}

test('a drain empties a provider one move after the other, nothing is absent meanwhile, and what nobody else takes is listed', async () => {
  const names = ['one', 'two', 'three']
  for (const name of names) await create(acme, thing(name, { size: 'small', secret: true, value: 1 }))
  await create(acme, thing('keeps', { size: 'huge' }))
  for (const name of [...names, 'keeps']) await served(acme, name, alpha)
  const checks = await Promise.all(names.map((name) => neverAbsent(acme, `${name}-secret`)))
  await setDrain(alpha, { maxConcurrent: 1 })
  for (const name of names) {
    await served(acme, name, beta)
    await gone(...copyAt(alpha, acme, name))
  }
  const left = `1 object is there, and nobody else takes 1 of them: ${acme.cluster}/default/keeps`
  await drained(alpha, 'False', 'NobodyElseAccepts', left)
  for (const check of checks) check()
  const moves = (await Promise.all(names.map((name) => migrationsOf(landscape, acme, name)))).flat()
  expect(moves.map(({ spec: { drain, cause } }) => [drain, cause])).toEqual(names.map(() => [true, undefined]))
  // Several may begin within one second, the last of which ends last.
  const spanOf = (status: Migration['status']) => `${status?.startTime} ${status?.completionTime}`
  const ordered = moves.map(({ status }) => status).sort((a, b) => (spanOf(a) < spanOf(b) ? -1 : 1))
  for (const [i, status] of ordered.slice(1).entries())
    expect(Date.parse(status?.startTime ?? '')).toBeGreaterThanOrEqual(Date.parse(ordered[i]?.completionTime ?? ''))
  await told(acme, 'keeps', 'Placed', 'True', 'Placed')
  await roundTrip(acme, 'keeps', alpha)
  const { conditions } = (await assignmentOf(landscape, acme, 'keeps'))?.status ?? {}
  expect(conditions?.find(({ type }) => type === 'Accepted')?.message).toContain(
    `stays at ${alpha.cluster}, which is drained, as nobody else accepts it: 0 of 2 offers: 1 draining, 1 valueIn; `,
  )
  await release(acme, 'keeps')
  await drained(alpha, 'True', 'Empty', 'nothing is there any more')
  await setDrain(alpha, null)
  await drained(alpha)
  for (const name of names) await release(acme, name)
})

test('what waits for its move is kept in sync, and stays where it is when the drain is taken back', async () => {
  const configuration = await configureMoves(landscape.platform, 'paused', { paused: true })
  await create(acme, thing('stays', { size: 'small' }))
  await served(acme, 'stays', alpha)
  await setDrain(alpha, {})
  const states = async () => (await migrationsOf(landscape, acme, 'stays')).map(({ status }) => status?.state)
  await waitFor('the move waits', async () => (await states()).join() === 'Pending')
  await roundTrip(acme, 'stays', alpha)
  expect(await states()).toEqual(['Pending'])
  await setDrain(alpha, null)
  await waitFor('the move is taken back', async () => (await states()).join() === 'RolledBack')
  await landscape.platform.kube.delete(configuration)
  await roundTrip(acme, 'stays', alpha)
  expect(await states()).toEqual(['RolledBack'])
})
