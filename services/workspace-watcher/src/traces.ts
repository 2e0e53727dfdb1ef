import { annotations } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { TraceOf } from './context.ts'
import type { Before } from './part-watch.ts'

/**
 * A trace begins with what somebody asks for: an object, a change of its spec, its deletion, each of which is a generation. The status
 * is what the broker and the providers answer.
 */
export function beginsWithSpec({ metadata }: KubeObject, before: Before | undefined): TraceOf | undefined {
  const isSame = before?.ref.uid === metadata.uid && before.generation === metadata.generation
  return isSame ? undefined : 'begins'
}

/** A record of the broker goes on with the trace that is noted in it, as of when it was made. */
export function noted({ metadata }: KubeObject): TraceOf | undefined {
  const traceparent = metadata.annotations?.[annotations.traceparent]
  const at = Date.parse(String(metadata['creationTimestamp']))
  return traceparent === undefined || Number.isNaN(at) ? undefined : { traceparent, at }
}
