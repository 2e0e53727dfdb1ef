import { expect, test } from 'vitest'
import { MetricsRegistry } from './metrics.ts'

const placements = { name: 'test_placements_total', help: 'Placements.', labels: ['result'] } as const
const seconds = { name: 'test_seconds', help: 'Time taken.', buckets: [0.1, 1] }
const depth = { name: 'test_depth', help: 'Depth.' }

test('services that share a process share a metric and differ in the label service', async () => {
  const registry = new MetricsRegistry()
  registry.forService('one').counter(placements).add(1, { result: 'ok' })
  registry.forService('two').counter(placements).add(2, { result: 'ok' })
  expect((await registry.expose()).body).toBe(
    [
      '# HELP test_placements_total Placements.',
      '# TYPE test_placements_total counter',
      'test_placements_total{service="one",result="ok"} 1',
      'test_placements_total{service="two",result="ok"} 2',
      '',
    ].join('\n'),
  )
})

test('a metric asked for twice by one service is the same one', async () => {
  const registry = new MetricsRegistry()
  const metrics = registry.forService('one')
  metrics.gauge(depth).set(3)
  metrics.gauge(depth).set(5)
  expect((await registry.expose()).body).toContain('test_depth{service="one"} 5')
})

test('a histogram has the buckets of its definition', async () => {
  const registry = new MetricsRegistry()
  registry.forService('one').histogram(seconds).observe(0.5)
  const { body } = await registry.expose()
  expect(body).toContain('test_seconds_bucket{le="0.1",service="one"} 0')
  expect(body).toContain('test_seconds_bucket{le="1",service="one"} 1')
})

test('one name as two types is refused', () => {
  const metrics = new MetricsRegistry().forService('one')
  metrics.counter(depth)
  expect(() => metrics.gauge(depth)).toThrow('metric test_depth is defined twice, as different types')
})

test('registries are apart, and the process metrics are there once asked for', async () => {
  const registry = new MetricsRegistry()
  registry.collectProcess()
  new MetricsRegistry().collectProcess()
  const { body } = await registry.expose()
  expect(body).toContain('process_resident_memory_bytes')
  expect(body).toContain('broker_watches 0')
})
