import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import {
  type Context,
  DiagLogLevel,
  diag,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { getNumberFromEnv, parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { annotations } from '@resource-broker/api'
import type { WriteEnd } from '@resource-broker/kube'
import type { Logger } from 'pino'
import { samplerOf } from './sampler.ts'
import { GOES_ON_MS, type Origin, type Step, type Tracing } from './tracing.ts'
import { writeAttributes, writeName } from './write-attributes.ts'

/** For how long a stop waits for who takes traces: the exporter tries again for longer than a stop may last. */
const CLOSE_MS = 2_000

/** The step that runs. `isTold`: it did something, and is sent when it ends; one that is not ended is forgotten. */
type Active = { tracer: Tracer; span: Span; context: Context; isTold: boolean }

/** The traces of a process. */
export type Traces = {
  /** Those of one of its services. */
  of: (service: string) => Tracing
  /** Sends what is still to be sent, as far as it is taken soon. */
  close: () => Promise<void>
}

/** Sends traces to where OTEL_EXPORTER_OTLP_ENDPOINT names, as JSON, with all else that the exporter reads from the environment. */
export function openTraces(env: NodeJS.ProcessEnv, logger: Logger): Traces {
  const ignored = (reason: string) => logger.warn({ reason }, 'a setting of the traces is ignored')
  diag.setLogger(toLog(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  if (env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc')
    ignored('OTEL_EXPORTER_OTLP_PROTOCOL: traces go by HTTP, to the port that takes it (4318 as a rule)')
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...batchOptions() })
  return tracesTo(processor, samplerOf(env, ignored))
}

/** Gives the steps that `sampler` keeps to `processor`. */
export function tracesTo(processor: SpanProcessor, sampler: Sampler): Traces {
  const active = new AsyncLocalStorage<Active>()
  const instance = { 'service.namespace': 'resource-broker', 'service.instance.id': randomUUID() }
  const given = detectResources({ detectors: [envDetector] }) // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before ours
  return {
    of: (service) => {
      const resource = resourceFromAttributes({ ...instance, 'service.name': service }).merge(given)
      const provider = new TracerProvider({ resource, sampler, spanProcessors: [processor] })
      return tracingBy(provider.getTracer(`@resource-broker/${service}`), active)
    },
    close: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
      await Promise.race([processor.shutdown(), late])
    },
  }
}

function tracingBy(tracer: Tracer, active: AsyncLocalStorage<Active>): Tracing {
  const traceparent = () => {
    const now = active.getStore()
    if (now === undefined) return undefined
    now.isTold = true
    const { traceId, spanId, traceFlags } = now.span.spanContext()
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  }
  return {
    step: (step, work) => runStep(tracer, active, step, work),
    tell: (attributes) => void active.getStore()?.span.setAttributes({ ...attributes }),
    traceparent,
    note: () => {
      const now = traceparent()
      return now === undefined ? {} : { [annotations.traceparent]: now }
    },
    writesTo: (server) => (write) => {
      const now = active.getStore()
      if (now === undefined) return () => undefined
      now.isTold = true
      if (!now.span.isRecording()) return () => undefined
      const options = { kind: SpanKind.CLIENT, attributes: writeAttributes(write, server) }
      return endOf(now.tracer.startSpan(writeName(write), options, now.context))
    },
    logFields: () => {
      const span = active.getStore()?.span
      if (span === undefined) return {}
      const { traceId: trace_id, spanId: span_id } = span.spanContext()
      return { trace_id, span_id }
    },
  }
}

async function runStep<T>(
  tracer: Tracer,
  active: AsyncLocalStorage<Active>,
  { name, origin, links = [], describe }: Step,
  work: () => Promise<T>,
): Promise<T> {
  const { parent, before } = contextOf(origin)
  const linked = [...before, ...links].flatMap((traceparent) => {
    const context = parseTraceParent(traceparent)
    return context === null ? [] : [{ context }]
  })
  const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, links: linked }, parent)
  const now: Active = { tracer, span, context: trace.setSpan(ROOT_CONTEXT, span), isTold: false }
  try {
    return await active.run(now, work)
  } catch (error) {
    now.isTold = true
    const { code, name: type } = error as { code?: unknown; name?: string }
    span.setAttribute('error.type', String(code ?? type)) // its message may have what a server said
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    if (now.isTold) {
      if (span.isRecording()) span.setAttributes({ ...describe() })
      span.end()
    }
  }
}

/** `before`: what is too long ago to go on with. */
function contextOf(origin: Origin | undefined): { parent: Context; before: string[] } {
  const context = origin === undefined ? null : parseTraceParent(origin.traceparent)
  if (origin === undefined || context === null || !isSpanContextValid(context))
    return { parent: ROOT_CONTEXT, before: [] }
  if (origin.at + GOES_ON_MS < Date.now()) return { parent: ROOT_CONTEXT, before: [origin.traceparent] }
  return { parent: trace.setSpanContext(ROOT_CONTEXT, { ...context, isRemote: true }), before: [] }
}

const endOf = (span: Span): WriteEnd => {
  return (status) => {
    if (status > 0) span.setAttribute('http.response.status_code', status)
    else span.setAttribute('error.type', 'no answer')
    if (status === 0 || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }
}

/** The variables that OpenTelemetry defines for its batch processor; without them its own defaults hold. */
function batchOptions() {
  const variables = {
    scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
    exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
    maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
    maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  }
  const options = Object.entries(variables).map(([option, variable]) => [option, getNumberFromEnv(variable)] as const)
  return Object.fromEntries(options.filter(([, value]) => value !== undefined))
}

/** What the exporter has to say goes where all else does, and not again with every batch. */
function toLog(logger: Logger) {
  let last: string | undefined
  const say = (reason: string) => {
    if (reason !== last) logger.warn({ reason }, 'traces are not taken')
    last = reason
  }
  const nothing = () => undefined
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing }
}
