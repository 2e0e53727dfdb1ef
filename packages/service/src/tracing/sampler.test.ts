import { expect, test } from 'vitest'
import { samplerOf } from './sampler.ts'
import { isTraced } from './tracing.ts'

const SAMPLERS = [
  [{}, /^ParentBased\{root=AlwaysOnSampler/],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, /^AlwaysOnSampler/],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, /^AlwaysOffSampler/],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' }, /^TraceIdRatioBased\{0\.01\}/],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, /^ParentBased\{root=AlwaysOffSampler/],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
    /root=TraceIdRatioBased\{0\.5\}/,
  ],
] as const

test.each(SAMPLERS)('%o is understood', (env, expected) => {
  expect(samplerOf(env, (reason) => expect.fail(reason)).toString()).toMatch(expected)
})

test.each([
  [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER: "sometimes" is no sampler that there is'],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1%' },
    'OTEL_TRACES_SAMPLER_ARG: "1%" is no number from 0 to 1',
  ],
])('%o is said to be ignored, and all traces are kept', (env, reason) => {
  const reasons: string[] = []
  expect(samplerOf(env, (said) => void reasons.push(said)).toString()).toMatch(/AlwaysOn|\{1\}/)
  expect(reasons).toEqual([reason])
})

const SOMEBODY = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [SOMEBODY, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
  [{ ...SOMEBODY, OTEL_SDK_DISABLED: 'true' }, false],
  [{ ...SOMEBODY, OTEL_TRACES_EXPORTER: 'none' }, false],
])('%o: somebody takes traces is %s', (env, expected) => {
  expect(isTraced(env)).toBe(expected)
})
