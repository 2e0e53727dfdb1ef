import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { OtlpReceiver, type Span, spansIn } from '../../support/otlp-receiver.ts'

/** In the folder that the story was started in. */
export const TRACE_FILE = 'resource-broker-traces.json'
/** How soon after they ended spans are sent, in milliseconds: the story waits for them. */
const SEND_MS = 100

/** The trace that began with the first word of the object of this name. */
export function traceOf(spans: readonly Span[], name: string): Span[] {
  const first = spans.find((span) => span.name === 'watch' && span.attributes['broker.name'] === name)
  return spans.filter(({ traceId }) => traceId === first?.traceId)
}

/** The traces of the story, as the broker's services send them. */
export class StoryTraces {
  readonly file = resolve(TRACE_FILE)
  readonly #receiver: OtlpReceiver

  private constructor(receiver: OtlpReceiver) {
    this.#receiver = receiver
  }

  static async start(): Promise<StoryTraces> {
    return new StoryTraces(await OtlpReceiver.start())
  }

  /** For the services. */
  get env(): Record<string, string> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: this.#receiver.url, OTEL_BSP_SCHEDULE_DELAY: String(SEND_MS) }
  }

  get spans(): Span[] {
    return spansIn(this.#receiver.file)
  }

  async write(): Promise<void> {
    await writeFile(this.file, JSON.stringify(this.#receiver.file))
  }

  /** Writes all, and takes no more. */
  async end(): Promise<void> {
    await this.write()
    await this.#receiver.close()
  }
}
