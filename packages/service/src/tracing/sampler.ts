import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'

type Env = Readonly<Record<string, string | undefined>>

/** Which traces are kept, by OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG; all where they are not set, or `ignored` is told why. */
export function samplerOf(env: Env, ignored: (reason: string) => void): Sampler {
  const name = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on'
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratioOf(env, ignored))
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratioOf(env, ignored)) })
    case 'parentbased_always_on':
      break
    default:
      ignored(`OTEL_TRACES_SAMPLER: "${name}" is no sampler that there is`)
  }
  return new ParentBasedSampler({ root: new AlwaysOnSampler() })
}

function ratioOf(env: Env, ignored: (reason: string) => void): number {
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || '1'
  const ratio = Number(text)
  if (ratio >= 0 && ratio <= 1) return ratio
  ignored(`OTEL_TRACES_SAMPLER_ARG: "${text}" is no number from 0 to 1`)
  return 1
}
