import type { HttpResponse, StreamSink } from '../../kube/http.ts'

type Open = { cluster: string; cut: () => void }

/** Answers that have no end yet, so that they can be cut by the logical cluster that they are about (contract 10.6). */
export class OpenStreams {
  readonly #open = new Set<Open>()

  /** The same answer, known here until it ends. `cluster` may be `*`. */
  track(cluster: string, response: HttpResponse): HttpResponse {
    if (!('stream' in response)) return response
    const { stream } = response
    return { ...response, stream: (sink) => stream(this.#tracked(cluster, sink)) }
  }

  /** Ends the streams of one logical cluster, which may be `*`; those over all of them go on when one ends. */
  cut(cluster: string): void {
    for (const each of [...this.#open]) if (each.cluster === cluster) each.cut()
  }

  /** Ends all streams. */
  cutAll(): void {
    for (const { cut } of [...this.#open]) cut()
  }

  #tracked(cluster: string, sink: StreamSink): StreamSink {
    const listeners: (() => void)[] = []
    const close = () => {
      if (!this.#open.delete(open)) return
      for (const listener of listeners) listener()
    }
    const open: Open = {
      cluster,
      cut() {
        close()
        sink.end()
      },
    }
    this.#open.add(open)
    sink.onClose(close)
    return {
      write: (chunk) => sink.write(chunk),
      end: () => {
        this.#open.delete(open)
        sink.end()
      },
      get pending() {
        return sink.pending
      },
      onClose: (listener) => void listeners.push(listener),
    }
  }
}
