import type { HttpResponse, StreamSink } from '../kube/http.ts'

type Open = { subject: string; cut: () => void }

/** Answers that have no end yet, so that they can be cut by what they are about, such as a logical cluster (contract 10.6). */
export class OpenStreams {
  readonly #open = new Set<Open>()

  /** The same answer, known here until it ends. */
  track(subject: string, response: HttpResponse): HttpResponse {
    if (!('stream' in response)) return response
    const { stream } = response
    return { ...response, stream: (sink) => stream(this.#tracked(subject, sink)) }
  }

  /** Ends the streams about one subject. */
  cut(subject: string): void {
    for (const each of [...this.#open]) if (each.subject === subject) each.cut()
  }

  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Ends all streams. */
  cutAll(): void {
    for (const { cut } of [...this.#open]) cut()
  }

  #tracked(subject: string, sink: StreamSink): StreamSink {
    const listeners: (() => void)[] = []
    const close = () => {
      if (!this.#open.delete(open)) return
      for (const listener of listeners) listener()
    }
    const open: Open = {
      subject,
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
