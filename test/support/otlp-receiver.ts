import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
type AnyValue = Value & { arrayValue?: { values: Value[] } }
type KeyValue = { key: string; value: AnyValue }
type OtlpSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: KeyValue[]
  links?: { traceId: string; spanId: string }[]
  status?: { code?: number }
}
type ResourceSpans = { resource: { attributes: KeyValue[] }; scopeSpans: { spans: OtlpSpan[] }[] }

/** What an OTLP/JSON file holds, as viewers open it. */
export type OtlpFile = { resourceSpans: ResourceSpans[] }

/** A span, as tests and people look at it; times in milliseconds since 1970. */
export type Span = Pick<OtlpSpan, 'traceId' | 'spanId' | 'name'> & {
  parentSpanId: string | undefined
  service: string
  /** Another one for each process. */
  instance: string
  startMs: number
  endMs: number
  attributes: Readonly<Record<string, unknown>>
  links: { traceId: string; spanId: string }[]
  failed: boolean
}

/** Takes traces as OTLP/JSON over HTTP, as a collector does, and keeps them. */
export class OtlpReceiver {
  readonly #server: Server
  readonly #received: ResourceSpans[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  /** `changed` is called after each batch. */
  static async start(changed: () => void = () => undefined): Promise<OtlpReceiver> {
    const server = createServer()
    const receiver = new OtlpReceiver(server)
    server.on('request', async (request, response) => {
      if (request.method !== 'POST' || request.url !== '/v1/traces') return void response.writeHead(404).end()
      const { resourceSpans } = (await json(request)) as OtlpFile
      receiver.#received.push(...resourceSpans)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      changed()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return receiver
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get file(): OtlpFile {
    return { resourceSpans: this.#received }
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

/** All spans of a file, the earliest first. */
export function spansIn({ resourceSpans }: OtlpFile): Span[] {
  const spans = resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const { 'service.name': service, 'service.instance.id': instance } = valuesOf(resource.attributes)
    const from = { service: String(service), instance: String(instance) }
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...toSpan(span), ...from })))
  })
  return spans.sort((a, b) => a.startMs - b.startMs)
}

function toSpan(span: OtlpSpan): Omit<Span, 'service' | 'instance'> {
  const { traceId, spanId, parentSpanId, name, links = [], status } = span
  return {
    ...{ traceId, spanId, name, links },
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    attributes: valuesOf(span.attributes),
    failed: status?.code === 2, // STATUS_CODE_ERROR
  }
}

function valuesOf(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))
}

function plain({ arrayValue, stringValue, intValue, doubleValue, boolValue }: AnyValue): unknown {
  if (arrayValue !== undefined) return arrayValue.values.map(plain)
  return stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue
}
