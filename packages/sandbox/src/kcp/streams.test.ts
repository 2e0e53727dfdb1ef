import { describe, expect, test } from 'vitest'
import type { HttpResponse, StreamSink } from '../kube/http.ts'
import { OpenStreams } from './streams.ts'

/** A client that reads an answer, and what it saw. */
function read(response: HttpResponse) {
  const seen: string[] = []
  const listeners: (() => void)[] = []
  const sink: StreamSink = {
    write: (chunk) => void seen.push(chunk.toString()),
    end: () => void seen.push('end'),
    pending: 0,
    onClose: (listener) => void listeners.push(listener),
  }
  if ('stream' in response) response.stream(sink)
  return { seen, leave: () => listeners.forEach((listener) => void listener()) }
}

function stream(streams: OpenStreams, subject: string) {
  const state = { closed: 0, sink: undefined as StreamSink | undefined }
  const response = streams.track(subject, {
    status: 200,
    stream(sink) {
      state.sink = sink
      sink.onClose(() => state.closed++)
    },
  })
  return { ...read(response), state }
}

describe('open streams', () => {
  test('of a logical cluster end; those of others and over all of them go on', () => {
    const streams = new OpenStreams()
    const [own, wildcard, other] = [stream(streams, 'a'), stream(streams, '*'), stream(streams, 'b')]
    own.state.sink?.write(Buffer.from('x'))
    streams.cut('a')
    streams.cut('a')
    expect(own.seen).toEqual(['x', 'end'])
    expect(wildcard.seen).toEqual([])
    expect(other.seen).toEqual([])
    streams.cut('*')
    expect(wildcard.seen).toEqual(['end'])
    expect([own, wildcard, other].map(({ state }) => state.closed)).toEqual([1, 1, 0])
  })

  test('tell the server once that a client went away', () => {
    const streams = new OpenStreams()
    const own = stream(streams, 'a')
    own.leave()
    streams.cutAll()
    expect(own.state.closed).toBe(1)
    expect(own.seen).toEqual([])
  })

  test('that have ended are forgotten', () => {
    const streams = new OpenStreams()
    const own = stream(streams, 'a')
    own.state.sink?.end()
    streams.cutAll()
    expect(own.seen).toEqual(['end'])
    expect(own.state.closed).toBe(0)
  })
})
