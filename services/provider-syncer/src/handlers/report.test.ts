import { annotations } from '@resource-broker/api'
import type { CopyMessage } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SyncerContext } from '../context.ts'
import { assignment, copy, decision, ref, source, viewOf } from '../fixtures.ts'
import { type Known, readKnown } from '../known.ts'
import { reportToAssignment, reportToConsumer } from './report.ts'

type Given = {
  asked?: Parameters<typeof assignment>[0]
  before?: object
  copies: CopyMessage[]
  problems?: [string, string][]
}

/** The patches that a report on these copies sends to the platform. */
async function patches({ asked, before, copies, problems = [] }: Given) {
  const sent: { status: unknown }[] = []
  const object = assignment(asked, before)
  const coordination = {
    mergePatch: async (_ref: object, patch: { status: unknown }) => {
      sent.push(patch)
      return object
    },
  }
  const context = { clusters: { coordination }, now: () => new Date(0) } as unknown as SyncerContext
  const messages = Object.fromEntries(copies.map((message) => [`copy/${message.provider}`, message]))
  const view = viewOf({ assignment: { name: 'assignment-a', object }, source: { ref, object: source() }, ...messages })
  const known = readKnown('k', view) as Known
  await reportToAssignment(context, known, known.assignment.spec.providerCluster, new Map(problems), view)
  return sent.map(({ status }) => status)
}

const at = (provider: string, generation: string, status: object, metadata: object = {}) =>
  copy(provider, {
    object: source({ annotations: { [annotations.consumerGeneration]: generation }, ...metadata }, { status }),
  })

const available = { status: 'Available' }
const incoming = { copies: [{ providerCluster: 'beta', acceptAPIName: 'b', role: 'Incoming' as const }] }

test('in quiet times nothing is written', async () => {
  expect(await patches({ copies: [at('alpha', '2', available)] })).toEqual([])
})

test('while there are two copies, each is told with the generation that it holds', async () => {
  const copies = [at('alpha', '1', available), at('beta', '2', { status: 'Provisioning' })]
  const alpha = { providerCluster: 'alpha', applied: true, observedGeneration: 1, ready: true, state: 'Available' }
  const beta = { providerCluster: 'beta', applied: true, observedGeneration: 2, ready: false, state: 'Provisioning' }
  expect(await patches({ asked: incoming, copies })).toEqual([
    {
      servedFrom: 'alpha',
      copies: [
        { ...alpha, message: 'the provider says Available' },
        { ...beta, message: 'the provider says Provisioning' },
      ],
    },
  ])
})

test('a copy that is not there yet is told with what stands in its way', async () => {
  const [status] = await patches({
    asked: incoming,
    copies: [at('alpha', '1', available)],
    problems: [['beta', 'no quota']],
  })
  const beta = { providerCluster: 'beta', applied: false, ready: false, message: 'no quota' }
  expect(status).toMatchObject({ copies: [{ providerCluster: 'alpha' }, beta] })
})

test('a copy that nobody asks for any more is never told as ready or failed, whatever it says of itself', async () => {
  for (const status of [available, { status: 'Failed' }]) {
    const [told] = await patches({ copies: [at('alpha', '2', available), at('beta', '2', status)] })
    const beta = {
      providerCluster: 'beta',
      applied: true,
      ready: false,
      state: 'Deleting',
      message: 'the copy is being removed',
    }
    expect((told as { copies: object[] }).copies[1]).toEqual(beta)
  }
})

test('a wanted copy that somebody deletes is not ready', async () => {
  const leaving = at('beta', '2', available, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  const [told] = await patches({ asked: incoming, copies: [at('alpha', '1', available), leaving] })
  expect((told as { copies: object[] }).copies[1]).toMatchObject({ providerCluster: 'beta', ready: false })
})

test('when it is quiet again what was told is taken back, once', async () => {
  const before = { servedFrom: 'alpha', copies: [{ providerCluster: 'alpha', applied: true, ready: true }] }
  expect(await patches({ before, copies: [at('alpha', '2', available)] })).toEqual([{ copies: null, servedFrom: null }])
})

type Status = Record<string, unknown>

/** A consumer whose API server applies merge patches, and the objects that were written. */
function consumerWith(status: Status, keep: (status: Status) => Status = (all) => all) {
  const written: Status[] = []
  let now = status
  const mergePatch = async (_ref: object, patch: { status: Status }) => {
    now = keep(Object.fromEntries(Object.entries({ ...now, ...patch.status }).filter(([, value]) => value !== null)))
    written.push(now)
    return source({ resourceVersion: String(written.length + 1) }, { status: now })
  }
  const clusters = { consumers: { client: () => ({ mergePatch }) } }
  return { written, context: { clusters, now: () => new Date(0), told: new Map() } as unknown as SyncerContext }
}

/** Looks at the object once, with `status` as the snapshot has it. */
async function report(context: SyncerContext, view: ReturnType<typeof viewOf>) {
  const known = readKnown('k', view) as Known & { source: NonNullable<Known['source']> }
  await reportToConsumer(context, known, known.copies.get('alpha'), [], view)
}

const settled = (status?: Status) => {
  const object = source({}, status === undefined ? {} : { status })
  const messages = { assignment: { name: 'assignment-a', object: assignment() }, source: { ref, object } }
  return viewOf({ ...messages, 'copy/alpha': at('alpha', '2', available), decision: decision('alpha') })
}

const typesIn = (status: Status = {}) => (status['conditions'] as { type: string }[]).map(({ type }) => type)

test('a snapshot older than what was told before does not leave that standing', async () => {
  const first = consumerWith({})
  await report(first.context, settled())
  const told = first.written.at(-1) as Status
  const moving = { type: 'Migrating', status: 'True', reason: 'IncomingCopy', message: '' }
  const { written, context } = consumerWith({
    ...told,
    conditions: [...(told['conditions'] as object[]), moving],
    note: 1,
  })
  await report(context, settled({ status: 'Provisioning', conditions: told['conditions'] }))
  expect(typesIn(written.at(-1))).toEqual(typesIn(told))
  expect(written.at(-1)).not.toHaveProperty('note')
})

test('what the schema of the consumer drops is not written again and again', async () => {
  const { written, context } = consumerWith({}, ({ status: _, ...kept }) => kept)
  const view = settled()
  for (let look = 0; look < 3; look++) await report(context, view)
  expect(written).toHaveLength(1)
})
