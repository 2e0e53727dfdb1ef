import { expect, test, vi } from 'vitest'
import { FakeKcp, ROOTS } from './fake-kcp.ts'
import {
  assigned,
  COPIES,
  moved,
  offered,
  putCopy,
  Replica,
  recordIn,
  removeCopy,
  STAGED,
  TRIAL,
  tenure,
  unassign,
  wayIn,
  workspaceIn,
} from './fixtures.ts'

const HOUR_MS = 3_600_000

/** A replica that has made the workspace for the copies of an object, whose place is kept for as long as `idleMs` says. */
async function staged(kcp: FakeKcp, name = 'a', idleMs = 0) {
  const replica = await Replica.start(kcp, name, { idleMs })
  const [offers, objects] = [tenure(), tenure()]
  await replica.hear(offers, 'offer', offered(kcp))
  await vi.waitFor(() => expect(replica.staging.named(TRIAL)?.resources).toHaveLength(1))
  await replica.hear(objects, 'one', assigned(kcp, 'one'))
  await vi.waitFor(() => expect(recordIn(kcp)?.status?.['phase']).toBe('Ready'))
  return { replica, offers, objects }
}

const withdrawn = { acceptapi: { provider: 'alpha', name: 'things', object: null } }
const writtenBy = (kcp: FakeKcp, who: string) => kcp.written.filter((request) => request.startsWith(`${who}: `))

test('a workspace is made for the first object, and goes when nobody wants it', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  expect(wayIn(kcp)).toBeDefined()
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await vi.waitFor(() => expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined]))
  await replica.stop()
})

test('an object into a workspace that stands costs no write', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  const before = kcp.written.length
  await replica.hear(objects, 'two', assigned(kcp, 'two'))
  await replica.stop()
  expect(kcp.written.slice(before)).toEqual([])
})

test('what a partition wanted that went to another replica is not made again', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp, 'a', HOUR_MS)
  objects.end()
  const next = await staged(kcp, 'b')
  const before = writtenBy(kcp, 'a').length
  await next.replica.hear(next.objects, 'one', unassign(kcp, 'one'))
  await vi.waitFor(() => expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined]))
  await vi.waitFor(() =>
    expect([replica.trees.staging.get(STAGED), replica.records.get(STAGED)]).toEqual([undefined, undefined]),
  )
  await Promise.all([replica.stop(), next.replica.stop()])
  expect(writtenBy(kcp, 'a').slice(before)).toEqual([])
  expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined])
})

test('the trial of an offer that went with its partition is not made again', async () => {
  const kcp = new FakeKcp()
  const { replica, offers, objects } = await staged(kcp, 'a', HOUR_MS)
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  offers.end()
  const before = writtenBy(kcp, 'a').length
  kcp.remove(ROOTS.verification, 'workspaces', TRIAL)
  await vi.waitFor(() => expect(replica.trees.verification.get(TRIAL)).toBeUndefined())
  await replica.stop()
  expect(writtenBy(kcp, 'a').slice(before)).toEqual([])
})

test('a workspace that another partition of the replica wants is brought further on its account', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  const others = tenure()
  await replica.hear(others, 'two', assigned(kcp, 'two'))
  objects.end()
  kcp.remove(workspaceIn(kcp)?.spec?.['cluster'] as string, 'apibindings', 'copies')
  await vi.waitFor(() => expect(wayIn(kcp)).toBeDefined())
  await replica.stop()
})

test.each([
  { what: 'GET assignments', nth: 1 },
  { what: 'GET assignments', nth: 2 },
  { what: 'PATCH stagingworkspaces/status', nth: 1 },
  { what: 'GET workspaces', nth: 3 },
  { what: 'GET acceptapis', nth: 1 },
  { what: 'DELETE workspaces', nth: 2 },
])('a replica that owns nothing any more removes nothing: after $what, time $nth', async ({ what, nth }) => {
  const kcp = new FakeKcp()
  const { replica, offers, objects } = await staged(kcp)
  const answer = kcp.holdBack('a', what, { answered: true, nth })
  kcp.remove('alpha', 'acceptapis', 'things')
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await replica.hear(offers, 'offer', withdrawn)
  await answer.arrived
  const before = kcp.written.length
  for (const each of [offers, objects]) each.end()
  answer.release()
  await replica.stop()
  expect(kcp.written.slice(before)).toEqual([])
})

test.each([
  { what: 'POST workspaces', nth: 1 },
  { what: 'POST apibindings', nth: 1 },
  { what: 'PATCH apiexports', nth: 1 },
  { what: 'PATCH stagingworkspaces', nth: 1 },
  { what: 'POST workspaces', nth: 2 },
  { what: 'PATCH stagingworkspaces', nth: 2 },
])('a replica that owns nothing any more makes nothing: after $what, time $nth', async ({ what, nth }) => {
  const kcp = new FakeKcp()
  const replica = await Replica.start(kcp, 'a')
  const answer = kcp.holdBack('a', what, { answered: true, nth })
  const one = tenure()
  const hears = replica.hear(one, 'offer', offered(kcp))
  await Promise.race([
    answer.arrived,
    vi.waitFor(() => expect(replica.staging.named(TRIAL)?.resources).toHaveLength(1)),
  ])
  await replica.hear(one, 'one', assigned(kcp, 'one'))
  await answer.arrived
  one.end()
  const before = kcp.written.length
  answer.release()
  await hears
  await replica.stop()
  expect(kcp.written.slice(before)).toEqual([])
})

test('the workspace of a copy that nobody asks for any more stays until that is gone: it may be the only one that serves', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  await replica.hear(objects, 'one', moved(kcp, 'one', {}))
  expect([...objects.memory.wants.names]).toEqual([STAGED])
  const other = await Replica.start(kcp, 'b')
  const asked = kcp.holdBack('b', 'GET assignments', { answered: true })
  await other.hear(tenure(), 'of another partition', withdrawn)
  await asked.arrived
  asked.release()
  await other.stop()
  expect(wayIn(kcp)).toBeDefined()
  await replica.hear(objects, 'one', moved(kcp, 'one', undefined))
  await vi.waitFor(() => expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined]))
  await replica.stop()
})

test('a workspace stays while there are copies of the broker’s in it, whose Assignment somebody deleted', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  putCopy(kcp, 'one')
  putCopy(kcp, 'strange', 'another-broker')
  const asked = kcp.holdBack('a', 'GET things', { answered: true })
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await asked.arrived
  removeCopy(kcp, 'one') // after it was answered
  asked.release()
  await replica.stop()
  expect(wayIn(kcp)).toBeDefined()
  const next = await Replica.start(kcp, 'b')
  await next.hear(tenure(), 'of another partition', withdrawn)
  await vi.waitFor(() => expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined]))
  await next.stop()
})

test('a workspace that nobody wants any more goes, be it that who knew of that is no more', async () => {
  const kcp = new FakeKcp()
  const { replica } = await staged(kcp, 'a', HOUR_MS)
  const next = await Replica.start(kcp, 'b')
  const asked = kcp.holdBack('b', 'GET assignments', { answered: true })
  await next.hear(tenure(), 'of another partition', withdrawn)
  await asked.arrived
  asked.release()
  await replica.stop()
  await next.hear(tenure(), 'one', unassign(kcp, 'one'))
  await vi.waitFor(() => expect([workspaceIn(kcp), recordIn(kcp)]).toEqual([undefined, undefined]))
  await next.stop()
})

test('who looked before a workspace was taken into use again removes nothing', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  const { uid } = workspaceIn(kcp)?.metadata ?? {}
  const unbinding = kcp.holdBack('a', 'DELETE apibindings', { answered: true })
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await unbinding.arrived
  const look = kcp.holdBack('a', 'GET assignments', { answered: true })
  unbinding.release()
  await look.arrived
  const other = await staged(kcp, 'b', HOUR_MS)
  await vi.waitFor(() => expect(wayIn(kcp)).toBeDefined())
  look.release()
  await Promise.all([replica.stop(), other.replica.stop()])
  expect(workspaceIn(kcp)?.metadata.uid).toBe(uid)
  expect(wayIn(kcp)).toBeDefined()
  expect(recordIn(kcp)?.status?.['phase']).toBe('Ready')
})

test('who looked before a workspace was bound again removes nothing, be it that nobody has told of that yet', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  const { uid } = workspaceIn(kcp)?.metadata ?? {}
  const look = kcp.holdBack('a', 'GET assignments', { answered: true, nth: 2 })
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await look.arrived
  const other = await Replica.start(kcp, 'b', { idleMs: HOUR_MS })
  const telling = kcp.holdBack('b', 'PATCH stagingworkspaces/status')
  await other.hear(tenure(), 'offer', offered(kcp))
  await other.hear(tenure(), 'two', assigned(kcp, 'two'))
  await telling.arrived
  expect(wayIn(kcp)).toBeDefined()
  look.release()
  await replica.stop()
  telling.release()
  await other.stop()
  expect(workspaceIn(kcp)?.metadata.uid).toBe(uid)
  expect(wayIn(kcp)).toBeDefined()
})

test('a workspace whose deletion is late is not bound again, and the next one has another uid', async () => {
  const kcp = new FakeKcp()
  const { replica, objects } = await staged(kcp)
  const { uid } = workspaceIn(kcp)?.metadata ?? {}
  const late = kcp.holdBack('a', 'DELETE workspaces')
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await late.arrived
  const other = await Replica.start(kcp, 'b', { idleMs: HOUR_MS })
  await other.hear(tenure(), 'offer', offered(kcp))
  await other.hear(tenure(), 'two', assigned(kcp, 'two'))
  await vi.waitFor(() => expect(recordIn(kcp)?.status?.['phase']).toBe('Ready'))
  const next = workspaceIn(kcp)?.metadata.uid
  expect(next).not.toBe(uid)
  late.release()
  await Promise.all([replica.stop(), other.stop()])
  expect(workspaceIn(kcp)?.metadata.uid).toBe(next)
  expect(wayIn(kcp)).toBeDefined()
})

test('a trial that an offer of another replica’s partition wants stays, with the export for its copies', async () => {
  const kcp = new FakeKcp()
  const { replica, offers, objects } = await staged(kcp)
  offers.end()
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  const asked = kcp.holdBack('a', 'GET acceptapis', { answered: true })
  await asked.arrived
  asked.release()
  await replica.stop()
  expect(kcp.find(ROOTS.verification, 'workspaces', TRIAL)).toBeDefined()
  expect(kcp.find(ROOTS.staging, 'apiexports', COPIES)).toBeDefined()
})

test('the workspace of a trial that never came to a binding goes with its offer, also after a restart', async () => {
  const kcp = new FakeKcp()
  kcp.refuse('POST apibindings')
  const replica = await Replica.start(kcp, 'a', { idleMs: HOUR_MS })
  const offers = tenure()
  await replica.hear(offers, 'offer', offered(kcp))
  await vi.waitFor(() => expect(offers.memory.failures.get(TRIAL)).toBeDefined())
  kcp.remove('alpha', 'acceptapis', 'things')
  await replica.hear(offers, 'offer', withdrawn)
  await replica.stop()
  const next = await Replica.start(kcp, 'b')
  await next.hear(tenure(), 'another', withdrawn)
  await vi.waitFor(() => expect(kcp.find(ROOTS.verification, 'workspaces', TRIAL)).toBeUndefined())
  await next.stop()
})

test('the export for copies that went with its trial is made again with the next', async () => {
  const kcp = new FakeKcp()
  const { replica } = await staged(kcp)
  kcp.remove(ROOTS.staging, 'apiexports', COPIES)
  kcp.remove(ROOTS.verification, 'workspaces', TRIAL)
  await vi.waitFor(() => expect(kcp.find(ROOTS.staging, 'apiexports', COPIES)).toBeDefined())
  await replica.stop()
})

test('a late removal of the export for copies does not take that of the next trial', async () => {
  const kcp = new FakeKcp()
  const { replica, offers, objects } = await staged(kcp)
  await replica.hear(objects, 'one', unassign(kcp, 'one'))
  await vi.waitFor(() => expect(recordIn(kcp)).toBeUndefined())
  const late = kcp.holdBack('a', 'DELETE apiexports')
  kcp.remove('alpha', 'acceptapis', 'things')
  await replica.hear(offers, 'offer', withdrawn)
  await late.arrived
  const other = await Replica.start(kcp, 'b', { idleMs: HOUR_MS })
  await other.hear(tenure(), 'offer', offered(kcp))
  const tried = () => kcp.find(ROOTS.verification, 'workspaces', TRIAL)?.spec?.['cluster']
  const triedIn = () =>
    kcp.find(ROOTS.staging, 'apiexports', COPIES)?.metadata.annotations['broker.platform-mesh.io/tried-in']
  await vi.waitFor(() => expect([tried(), triedIn()]).toEqual([expect.any(String), tried()]))
  late.release()
  await Promise.all([replica.stop(), other.stop()])
  expect(triedIn()).toBe(tried())
})
