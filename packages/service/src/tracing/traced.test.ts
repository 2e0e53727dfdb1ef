import { DONE, type KeyView, type Run, type Told } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { traced } from './traced.ts'
import type { Step, Tracing } from './tracing.ts'

const traceparent = (trace: number, span: number) =>
  `00-${String(trace).padStart(32, '0')}-${String(span).padStart(16, '0')}-01`
const told = (part: string, seq: number, of?: string): Told => ({ part, seq, storedAt: 1_000 + seq, traceparent: of })

/** Steps that runs are told as, and a view of which the test says what it was told. */
function recorded() {
  const steps: Step[] = []
  const tracing = {
    step: (step: Step, work: () => Promise<unknown>) => {
      steps.push(step)
      return work()
    },
  } as unknown as Tracing
  const reconcile = traced({ tracing }, 'sync', async () => DONE)
  const viewOf = (...messages: Told[]) => ({ told: () => messages.sort((a, b) => b.seq - a.seq), get: () => undefined })
  const run = async (view: object) => {
    await reconcile({ key: 'k', attempt: 1, view: view as KeyView } as Run<undefined>)
    return steps.at(-1) as Step
  }
  return { run, viewOf }
}

test('without traces it is the very reconcile', () => {
  const reconcile = async () => DONE
  expect(traced({ tracing: undefined }, 'sync', reconcile)).toBe(reconcile)
})

test.each([
  [
    'the latest word of consumer or scheduler',
    [told('source', 1, traceparent(1, 1)), told('decision', 2, traceparent(1, 2))],
    2,
  ],
  [
    'that of an older decision, where the word after it tells of no trace',
    [told('decision', 2, traceparent(1, 2)), told('source', 3)],
    2,
  ],
  [
    'that of the consumer, where it came after the decision',
    [told('decision', 2, traceparent(1, 2)), told('source', 3, traceparent(2, 3))],
    3,
  ],
  [
    'not that of a record that changed since',
    [told('decision', 2, traceparent(1, 2)), told('assignment', 9, traceparent(2, 9))],
    2,
  ],
  [
    'a record, where nothing else is known',
    [told('assignment', 1, traceparent(1, 1)), told('migration/m', 2, traceparent(1, 2))],
    2,
  ],
  ['nothing, where nobody said anything of a trace', [told('source', 1), told('copy/p', 2)], undefined],
])('a run goes on with %s', async (_what, messages, span) => {
  const { run, viewOf } = recorded()
  const { origin } = await run(viewOf(...messages))
  expect(origin?.traceparent.slice(36, 52)).toBe(span === undefined ? undefined : traceparent(0, span).slice(36, 52))
})

test('whoever takes a key over, or looks again, goes on with the same', async () => {
  const messages = [told('decision', 2, traceparent(1, 2)), told('copy/p', 5)]
  const { run, viewOf } = recorded()
  const view = viewOf(...messages)
  const runs = [await run(view), await run(view), await recorded().run(viewOf(...messages))]
  expect(runs.map(({ origin }) => origin)).toEqual(
    Array(3).fill({ part: 'decision', traceparent: traceparent(1, 2), at: 1_002 }),
  )
})

test('what else has called a run is linked to, once for each trace, and only where it is news', async () => {
  const { run, viewOf } = recorded()
  const messages = [
    told('acceptapi', 1, traceparent(3, 1)),
    told('source', 2, traceparent(1, 2)),
    told('decision', 3, traceparent(2, 3)),
  ]
  const view = viewOf(...messages)
  expect((await run(view)).links).toEqual([traceparent(1, 2), traceparent(3, 1)])
  expect((await run(view)).links).toEqual([])
})

test('a run says which messages called it, and how long the first has waited', async () => {
  const { run, viewOf } = recorded()
  const view = viewOf(told('source', 1), told('copy/p', 2))
  expect((await run(view)).describe()).toMatchObject({
    'broker.key': 'k',
    'broker.heard': ['copy/p', 'source'],
    'broker.waited_ms': expect.any(Number),
  })
  expect((await run(view)).describe()).toEqual({ 'broker.key': 'k', 'broker.attempt': 1 })
})
