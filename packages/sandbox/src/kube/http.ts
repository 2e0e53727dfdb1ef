import type { Credentials } from './user.ts'

/** A request as the HTTP room hands it on: decoded, its body read on demand and limited in size. */
export type HttpRequest = {
  method: string
  /** Percent-decoded, without the query; begins with `/`. */
  path: string
  query: URLSearchParams
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>
  credentials: Credentials
  /** Throws StatusError (413, 400). Decompressed. */
  body: () => Promise<Buffer>
  /** Aborted when the client went away or the server stops. */
  signal: AbortSignal
}

/** Where a handler writes an answer that has no end yet. */
export type StreamSink = {
  /** Chunks are coalesced; a chunk may be shared among many sinks and must not change. */
  write: (chunk: Buffer) => void
  end: () => void
  /** Bytes that the client has not taken yet: a watch whose client is too slow is ended by the HTTP room. */
  readonly pending: number
  /** Called once when the client went away, was too slow, or the server stops. */
  onClose: (listener: () => void) => void
}

export type HttpResponse = {
  status: number
  headers?: Readonly<Record<string, string>>
  contentType?: string
} & ({ body: Buffer | string } | { stream: (sink: StreamSink) => void })

/** Throws StatusError for anything but success. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>
