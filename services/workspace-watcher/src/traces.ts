import { annotations } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { GOES_ON_MS } from '@resource-broker/service'
import type { TraceOf } from './context.ts'
import type { Before } from './part-watch.ts'

/**
 * A trace begins with what somebody asks for: an object, a change of its spec, its deletion, each of which is a generation. The status
 * is what the broker and the providers answer.
 */
export function beginsWithSpec({ metadata }: KubeObject, before: Before | undefined): TraceOf | undefined {
  const isSame = before?.ref.uid === metadata.uid && before.generation === metadata.generation
  return isSame ? undefined : { is: 'step' }
}

/**
 * A record of the broker goes on with the trace that is noted in it: when the note is new by a step, later as what it belongs to.
 * Nothing goes on for long with a record that was not seen being noted.
 */
export function noted({ metadata }: KubeObject, before: Before | undefined, now: number): TraceOf | undefined {
  const traceparent = metadata.annotations?.[annotations.traceparent]
  if (traceparent === undefined) return undefined
  const isKnown = before?.ref.uid === metadata.uid
  if (isKnown && before.note !== traceparent) return { is: 'step', origin: { traceparent, at: now } }
  const at = Date.parse(String(metadata['creationTimestamp']))
  if (!(at + GOES_ON_MS > now)) return undefined
  return isKnown ? { is: 'echo', traceparent } : { is: 'step', origin: { traceparent, at } }
}
