import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PlacementPolicy } from '@resource-broker/api'
import { parseJson } from '@resource-broker/json'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  configureMoves,
  create,
  instruct,
  labelProvider,
  makePolicy,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  read,
  roundTrip,
  served,
  thing,
  thingRef,
  told,
  untilRefused,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]
const made: ObjectRef[] = []

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  const sizes = { key: 'size', valueIn: ['small', 'large'] }
  await offer(alpha, 'any', { weight: 9, filters: [sizes], scores: { cost: -100 } })
  await offer(beta, 'any', { filters: [{ key: 'size', valueIn: ['small', 'huge'] }] })
  await offerCondition(alpha, 'any', 'True', 'Indexed')
  await offerCondition(beta, 'any', 'True', 'Indexed')
  await labelProvider(landscape.platform, alpha, { region: 'us' })
})

afterEach(async () => {
  for (const ref of made.splice(0)) await landscape.platform.kube.delete(ref)
})

afterAll(() => scene?.stop())

/** A policy for the Things of one test, by their label; the broker has judged it. */
async function policyFor(app: string, spec: object, reason = 'Valid'): Promise<ObjectRef> {
  const selector = { resources: [{ group: thingRef('x').group, resource: thingRef('x').resource }] }
  const ref = await makePolicy(landscape.platform, app, {
    selector: { ...selector, objects: { matchLabels: { app } } },
    ...spec,
  })
  made.push(ref)
  await judged(ref, reason)
  return ref
}

const judged = (ref: ObjectRef, reason: string, type = 'Ready') =>
  waitFor(`${ref.name} is ${reason}`, async () => {
    const policy = await read<PlacementPolicy>(landscape.platform, ref)
    const said = conditionOf(policy as never, type)
    return said?.reason === reason && said.observedGeneration === policy?.metadata.generation ? said : undefined
  })

function labelled(name: string, app: string, spec: { size: string }) {
  return thing(name, spec, { labels: { app } })
}

const isRefused = (app: string) =>
  untilRefused(acme, `objects of ${app} may go nowhere`, (name) => labelled(name, app, { size: 'small' }))

const eu = { require: [{ matchLabels: { region: 'eu' } }] }

test('an object waits for a provider that its policy allows, and comes once one has the label; what is there stays when it loses it', async () => {
  const policy = await policyFor('waits', eu)
  expect(await judged(policy, 'NoProviderMatches', 'Satisfiable')).toMatchObject({
    status: 'False',
    message: 'what the policy selects goes nowhere new: no Provider has label region=eu',
  })
  await create(acme, labelled('waits', 'waits', { size: 'small' }))
  const { message } = await told(acme, 'waits', 'Placed', 'False', 'PolicyForbids')
  const why = 'policy wants label region=eu, as PlacementPolicy waits says, got'
  expect(message).toBe(
    `0 of 2 offers: 2 policy; ${alpha.cluster}/any: ${why} label region=us; ${beta.cluster}/any: ${why} no label region`,
  )
  await labelProvider(landscape.platform, beta, { region: 'eu' })
  await served(acme, 'waits', beta)
  await judged(policy, 'ProviderMatches', 'Satisfiable')
  await labelProvider(landscape.platform, beta, { region: null })
  await judged(policy, 'NoProviderMatches', 'Satisfiable')
  await isRefused('waits')
  await roundTrip(acme, 'waits', beta)
  expect(await migrationsOf(landscape, acme, 'waits')).toEqual([])
})

test('an object goes to the provider that its policy prefers, and its Assignment says by how much', async () => {
  await labelProvider(landscape.platform, beta, { tier: 'gold' })
  await policyFor('prefers', { prefer: [{ weight: 10, matchLabels: { tier: 'gold' } }] })
  await create(acme, labelled('prefers', 'prefers', { size: 'small' }))
  await create(acme, thing('plain', { size: 'small' }))
  await served(acme, 'prefers', beta)
  await served(acme, 'plain', alpha)
  expect((await assignmentOf(landscape, acme, 'prefers'))?.status?.decision).toMatchObject({
    policy: 'prefers',
    candidates: [
      { providerCluster: beta.cluster, score: 11, parts: { weight: 1, 'prefer[0]': 10 } },
      { providerCluster: alpha.cluster, score: 9, parts: { weight: 9 } },
    ],
  })
})

test('an object goes to the cheapest that accepts it, by what the platform says of a provider before what that says of itself', async () => {
  await instruct(landscape.platform, alpha, { scores: { cost: 40 } })
  await instruct(landscape.platform, beta, { scores: { cost: 5 } })
  await policyFor('cheap', { scores: [{ name: 'cost', weight: -1 }] })
  await create(acme, labelled('cheap', 'cheap', { size: 'small' }))
  await served(acme, 'cheap', beta)
  expect((await assignmentOf(landscape, acme, 'cheap'))?.status?.decision).toMatchObject({
    policy: 'cheap',
    candidates: [
      { providerCluster: beta.cluster, score: -4, parts: { weight: 1, 'scores[0]': -5 } },
      { providerCluster: alpha.cluster, score: -31, parts: { weight: 9, 'scores[0]': -40 } },
    ],
  })
})

test('a policy that is made later moves nothing, and a move that has not begun to where it forbids is taken back', async () => {
  const configuration = await configureMoves(landscape.platform, 'paused', { paused: true })
  await create(acme, labelled('turned', 'turned', { size: 'large' }))
  await served(acme, 'turned', alpha)
  await patchSpec(acme, thingRef('turned'), { size: 'huge' })
  const states = async () => (await migrationsOf(landscape, acme, 'turned')).map(({ status }) => status?.state)
  await waitFor('the move waits', async () => (await states()).join() === 'Pending')
  const policy = await policyFor('turned', { require: [{ matchLabels: { region: 'us' } }] })
  await waitFor('the move is taken back', async () => (await states()).join() === 'RolledBack')
  const { message } = await told(acme, 'turned', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(message).toContain('0 of 2 offers: 1 policy, 1 valueIn; ')
  await landscape.platform.kube.delete(configuration)
  await landscape.platform.kube.delete(policy)
  made.pop()
  await served(acme, 'turned', beta)
})

test('a policy whose expression is wrong says so, and what it may select waits until it is mended', async () => {
  const ref = await policyFor('odd', { priority: 1 }, 'AsksForNothing')
  await landscape.platform.kube.mergePatch(ref, { spec: { selector: { when: 'objekt.spec.size == "small"' } } })
  const { message } = await judged(ref, 'Invalid')
  expect(message).toContain('spec.selector.when: Unknown variable: objekt; the expression sees object; ')
  await create(acme, labelled('odd', 'odd', { size: 'small' }))
  const said = await told(acme, 'odd', 'Placed', 'False', 'Misconfigured')
  expect(said.message).toContain('policy wants a PlacementPolicy that can be evaluated, got odd: spec.selector.when: ')
  await landscape.platform.kube.mergePatch(ref, { spec: { selector: { when: 'object.spec.size == "small"' } } })
  await served(acme, 'odd', alpha)
})

type Case = { name: string; kind: string; spec: object; message?: string }

const vectors = (file: string) => {
  const path = join(import.meta.dirname, '../../packages/api/vectors/crds', file)
  return (parseJson(readFileSync(path, 'utf8')) as Case[]).filter(({ kind }) => kind === PlacementPolicy.kind)
}

test.each(vectors('accepted.json'))('an API server takes: $name', async ({ spec }) => {
  made.push(await makePolicy(landscape.platform, 'accepted', spec))
})

test.each(vectors('refused.json'))('an API server refuses: $name', async ({ spec, message }) => {
  await expect(makePolicy(landscape.platform, 'refused', spec)).rejects.toThrow(message)
})
