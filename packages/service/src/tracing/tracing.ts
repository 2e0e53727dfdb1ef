import type { ClientOptions } from '@resource-broker/kube'

/** What is known of a step. Never what an object holds or a server said: that may be a secret. */
export type Attributes = Readonly<Record<string, string | number | boolean | string[]>>

/** What a step goes on with: a W3C traceparent, and when that was written down, in milliseconds since 1970. */
export type Origin = { traceparent: string; at: number }

/** One thing that a service does, named after a word of the domain. */
export type Step = {
  name: string
  /** Left out: a trace begins here. */
  origin?: Origin | undefined
  /** W3C traceparents of what else led to it. */
  links?: readonly string[]
  /** Asked once the step is over, and only if it is told of. */
  describe: () => Attributes
}

/** Where the steps of a service go. A service that is not traced has none of this, and pays for none of it. */
export type Tracing = {
  /** Runs `work` as a step. One that wrote, published and failed nothing is not told of. */
  step: <T>(step: Step, work: () => Promise<T>) => Promise<T>
  /** Says more of the step that runs now. */
  tell: (attributes: Attributes) => void
  /** The step that runs now, as a W3C traceparent for what it causes; it is told of then. Undefined: none runs. */
  traceparent: () => string | undefined
  /** The same as an annotation on a record that the step writes; nothing where none runs. */
  note: () => Record<string, string>
  /** Has each write to the API server of this name be a step within the one that runs. */
  writesTo: (server: string) => NonNullable<ClientOptions['onWrite']>
  /** What a line of the log says of the step that runs now. */
  logFields: () => { trace_id?: string; span_id?: string }
}

/** For how long one step goes on with the trace of another; after that it begins one, with a link. */
export const GOES_ON_MS = 30 * 60_000

/** By the variables that OpenTelemetry defines for all programs: whether anybody takes traces. */
export function isTraced(env: Readonly<Record<string, string | undefined>>): boolean {
  const isOff = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none'
  return !isOff && Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'])
}
