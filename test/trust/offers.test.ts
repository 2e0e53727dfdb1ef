import type { KubeObject } from '@resource-broker/bus'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cpuSeconds } from '../support/broker.ts'
import type { Site } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import { create, offer, offerCondition, read, served, thing, thingRef, told, withdraw } from '../support/things.ts'

let scene: Scene
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'] })
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
})

afterAll(() => scene?.stop())

let count = 0

/** Another provider's objects go through. */
async function expectFlow(): Promise<void> {
  const name = `flow-${++count}`
  await create(acme, thing(name, { size: 'small' }))
  await served(acme, name, alpha)
}

/** Costs the broker seconds of CPU at most, where what is not bounded would cost hours. */
async function expectCheap(run: () => Promise<void>): Promise<void> {
  const before = await cpuSeconds(scene.broker)
  await run()
  expect((await cpuSeconds(scene.broker)) - before).toBeLessThan(3)
}

async function eventsOn(site: Site, name: string): Promise<{ reason: string; message: string; type: string }[]> {
  type Event = KubeObject & {
    involvedObject: { name: string; kind: string }
    reason: string
    message: string
    type: string
  }
  const { items } = await site.kube.list<Event>({ group: '', version: 'v1', resource: 'events' })
  return items
    .filter(({ involvedObject }) => involvedObject.kind === 'AcceptAPI' && involvedObject.name === name)
    .map(({ type, reason, message }) => ({ type, reason, message }))
}

test.each([
  {
    name: 'bad-cel',
    spec: { filters: [{ cel: 'object.spec.size ==' }] },
    reason: 'Invalid',
    says: 'spec.filters[0].cel: ',
  },
  {
    name: 'deep-cel',
    spec: { filters: [{ cel: 'object.spec.a.all(a, object.spec.a.all(b, object.spec.a.all(c, a + b + c > 0)))' }] },
    reason: 'Invalid',
    says: 'may be nested 2 deep',
  },
  { name: 'no-bool', spec: { filters: [{ cel: '1 + 1' }] }, reason: 'Invalid', says: 'gives int, not true or false' },
  {
    name: 'unknown-variable',
    spec: { filters: [{ cel: 'secrets == 1' }] },
    reason: 'Invalid',
    says: 'spec.filters[0].cel: ',
  },
  {
    name: 'bad-pattern',
    spec: { filters: [{ key: 'size', pattern: '(a' }] },
    reason: 'Invalid',
    says: 'spec.filters[0].pattern: not a valid RE2 pattern',
  },
  {
    name: 'look-behind',
    spec: { filters: [{ key: 'size', pattern: '(?<=a)b' }] },
    reason: 'Invalid',
    says: 'spec.filters[0].pattern: not a valid RE2 pattern',
  },
  {
    name: 'huge-pattern',
    spec: { filters: [{ key: 'size', pattern: '((a{100}){100})' }] },
    reason: 'Invalid',
    says: 'spec.filters[0].pattern',
  },
  {
    name: 'twice-wrong',
    spec: { filters: [{ cel: '(' }, { key: 'a..b', exists: true }] },
    reason: 'Invalid',
    says: 'spec.filters[1].key: ',
  },
  {
    name: 'unwatched',
    spec: { gvr: { group: 'other.example.org', version: 'v1', resource: 'gadgets' } },
    reason: 'KindNotWatched',
    says: 'no one watches gadgets.v1.other.example.org: the broker watches Thing.v1.test.platform-mesh.io',
  },
  {
    name: 'unserved',
    spec: { gvr: { ...THING, resource: 'thingummies' } },
    reason: 'KindNotServed',
    says: 'beta does not serve thingummies.v1.test.platform-mesh.io itself',
  },
])(
  'an AcceptAPI is told what is wrong with it by condition and Event, and nothing else stops: $name',
  async ({ name, spec, reason, says }) => {
    await offer(beta, name, spec)
    const { message } = await offerCondition(beta, name, 'False', reason)
    expect(message).toContain(says)
    expect(message).not.toContain('last valid')
    await expect
      .poll(() => eventsOn(beta, name))
      .toEqual([{ type: 'Warning', reason, message: message.slice(0, 1024) }])
    await expectFlow()
    const again = await offerCondition(beta, name, 'False', reason)
    expect(again.message).toBe(message)
    await withdraw(beta, name)
  },
)

test('a key that starts with spec. is refused by the API server, with the key that was meant', async () => {
  const wrong = offer(beta, 'spec-key', { filters: [{ key: 'spec.size', exists: true }] })
  await expect(wrong).rejects.toThrow(/key must not start with 'spec\.': .*'spec\.size' is written 'size'/)
})

test('a pattern that backtracks badly stalls nothing', async () => {
  await offer(beta, 'backtracks', { filters: [{ key: 'text', pattern: '^(a+)+$' }] })
  await offerCondition(beta, 'backtracks', 'True', 'Indexed')
  await expectCheap(async () => {
    await create(acme, thing('backtracks', { text: `${'a'.repeat(2_000)}!` }))
    await told(acme, 'backtracks', 'Placed', 'False', 'NoProviderAccepts')
  })
  await expectFlow()
  await create(acme, thing('fits', { text: 'a'.repeat(2_000) }))
  await served(acme, 'fits', beta)
  await withdraw(beta, 'backtracks')
})

test('an expression that costs too much for an object refuses that object, says so, and stalls nothing', async () => {
  const items = 'object.spec.items'
  await offer(beta, 'expensive', { filters: [{ cel: `${items}.all(a, ${items}.all(b, a + b >= 0))` }] })
  await offerCondition(beta, 'expensive', 'True', 'Indexed')
  await create(acme, thing('cheap', { items: [1, 2, 3] }))
  await served(acme, 'cheap', beta)
  await expectCheap(async () => {
    await create(acme, thing('dear', { items: Array.from({ length: 2_000 }, (_, i) => i) }))
    const { message } = await told(acme, 'dear', 'Placed', 'False', 'NoProviderAccepts')
    expect(message).toMatch(/beta\/expensive: cel wants .*the object is too large for this expression/)
  })
  await expectFlow()
  await withdraw(beta, 'expensive')
})

test('an invalid change of a valid AcceptAPI leaves the last valid version in force, also over a restart of the broker', async () => {
  await offer(beta, 'changes', { filters: [{ key: 'size', valueIn: ['medium'] }] })
  await offerCondition(beta, 'changes', 'True', 'Indexed')
  await create(acme, thing('before', { size: 'medium' }))
  await served(acme, 'before', beta)
  await offer(beta, 'changes', { filters: [{ cel: 'object.' }] })
  const { message } = await offerCondition(beta, 'changes', 'False', 'Invalid')
  expect(message).toContain('; the last valid version stays in force')
  await create(acme, thing('after', { size: 'medium' }))
  await served(acme, 'after', beta)
  await scene.broker.restart()
  await expectFlow()
  await create(acme, thing('restarted', { size: 'medium' }))
  await served(acme, 'restarted', beta)
  await told(acme, 'before', 'Placed', 'True', 'Placed')
  expect((await read(acme, thingRef('before')))?.status?.['from']).toBe('beta')
  await offer(beta, 'changes', { filters: [{ key: 'size', valueIn: ['medium', 'mid'] }] })
  await offerCondition(beta, 'changes', 'True', 'Indexed')
  await create(acme, thing('mended', { size: 'mid' }))
  await served(acme, 'mended', beta)
})
