import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace'
import type { Write } from '@resource-broker/kube'
import { expect, test, vi } from 'vitest'
import { tracesTo } from './otel.ts'
import { GOES_ON_MS } from './tracing.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const sampled = `00-${TRACE}-${SPAN}-01`
const describe = () => ({ 'broker.key': 'k' })
const write: Write = {
  method: 'PATCH',
  base: '/services/apiexport/1a/certs/clusters/2b',
  target: { group: 'ex.io', version: 'v1', resource: 'things', namespace: 'n' },
  subresource: 'status',
}

function traced({ root = new AlwaysOnSampler() }: { root?: AlwaysOnSampler | AlwaysOffSampler } = {}) {
  const exporter = new InMemorySpanExporter()
  const traces = tracesTo(new SimpleSpanProcessor({ exporter }), new ParentBasedSampler({ root }))
  return { traces, tracing: traces.of('svc'), told: () => exporter.getFinishedSpans() }
}

const namesOf = (spans: ReadableSpan[]) => spans.map(({ name }) => name)

test('a step that did nothing is not told of', async () => {
  const { tracing, told } = traced()
  expect(await tracing.step({ name: 'sync', describe }, async () => 7)).toBe(7)
  expect(told()).toEqual([])
})

test('each write within a step is a step of its own below it, told by where and how it ended', async () => {
  const { tracing, told } = traced()
  await tracing.step({ name: 'sync', describe }, async () => {
    await Promise.resolve()
    tracing.writesTo('kcp')(write)(200)
    tracing.writesTo('provider a')({ ...write, base: '' })(409)
  })
  const [first, second, sync] = told()
  expect(namesOf(told())).toEqual(['PATCH things/status', 'PATCH things/status', 'sync'])
  expect([first, second].map((span) => span?.parentSpanContext?.spanId)).toEqual(
    Array(2).fill(sync?.spanContext().spanId),
  )
  expect(first?.attributes).toEqual({
    'http.request.method': 'PATCH',
    'broker.cluster': '2b',
    'broker.resource': 'things.ex.io',
    'broker.version': 'v1',
    'broker.subresource': 'status',
    'broker.namespace': 'n',
    'http.response.status_code': 200,
  })
  expect(second).toMatchObject({ status: { code: 2 }, attributes: { 'broker.cluster': 'provider a' } })
  expect(sync).toMatchObject({ parentSpanContext: undefined, attributes: { 'broker.key': 'k' } })
})

test('a write outside of any step is nobody’s', () => {
  const { tracing, told } = traced()
  tracing.writesTo('platform')(write)(200)
  expect([tracing.traceparent(), tracing.note(), told()]).toEqual([undefined, {}, []])
})

test('what a step says of itself to others goes on with it in whichever service', async () => {
  const { traces, tracing, told } = traced()
  const said = await tracing.step({ name: 'place', describe }, async () => tracing.traceparent() as string)
  const other = traces.of('other')
  await other.step(
    { name: 'sync', origin: { traceparent: said, at: Date.now() }, describe },
    async () => void other.note(),
  )
  const [place, sync] = told()
  expect(sync?.parentSpanContext?.spanId).toBe(place?.spanContext().spanId)
  expect(told().map(({ resource }) => resource.attributes['service.name'])).toEqual(['svc', 'other'])
})

test('what is too long ago is linked to, not gone on with', async () => {
  const { tracing, told } = traced()
  const act = async () => void tracing.traceparent()
  for (const at of [Date.now(), Date.now() - GOES_ON_MS - 1])
    await tracing.step({ name: 'sync', origin: { traceparent: sampled, at }, describe }, act)
  const [within, after] = told()
  expect([within?.parentSpanContext?.spanId, within?.links]).toEqual([SPAN, []])
  expect([after?.parentSpanContext, after?.links.map(({ context }) => context.traceId)]).toEqual([undefined, [TRACE]])
})

test('a failure is told by its code alone: its message may have what a server said', async () => {
  const { tracing, told } = traced()
  const error = Object.assign(new Error('the password is hunter2'), { code: 'KUBE_REFUSED' })
  await expect(tracing.step({ name: 'sync', describe }, () => Promise.reject(error))).rejects.toBe(error)
  const [sync] = told()
  expect(sync).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'KUBE_REFUSED' }, events: [] })
  expect(JSON.stringify([sync?.attributes, sync?.status])).not.toContain('hunter2')
})

test('a trace that is not kept is passed on as such, and costs no descriptions', async () => {
  const { tracing, told } = traced({ root: new AlwaysOffSampler() })
  const step = { name: 'watch', describe: () => expect.fail('nobody reads it') }
  const said = await tracing.step(step, async () => {
    tracing.writesTo('platform')(write)(200)
    return tracing.traceparent()
  })
  expect(said).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  expect(told()).toEqual([])
})

test('a stop does not wait long for somebody who takes no traces any more', async ({ onTestFinished }) => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const hangs = { export: () => undefined, shutdown: () => new Promise<void>(() => undefined) }
  const traces = tracesTo(new SimpleSpanProcessor({ exporter: hangs }), new AlwaysOnSampler())
  const closing = traces.close()
  await vi.advanceTimersByTimeAsync(2_000)
  await closing
})

test('two steps at once do not take each other’s writes', async () => {
  const { tracing, told } = traced()
  const both = Promise.withResolvers<void>()
  const step = (name: string) =>
    tracing.step({ name, describe }, async () => {
      await both.promise
      tracing.writesTo(name)({ ...write, base: '' })(200)
    })
  const steps = [step('a'), step('b')]
  both.resolve()
  await Promise.all(steps)
  const idOf = Object.fromEntries(told().map((span) => [span.name, span.spanContext().spanId]))
  for (const { name, attributes, parentSpanContext } of told())
    if (name.startsWith('PATCH')) expect(parentSpanContext?.spanId).toBe(idOf[String(attributes['broker.cluster'])])
})
