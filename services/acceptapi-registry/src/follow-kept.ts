import { acceptAPIKey } from '@resource-broker/bus'
import type { RegistryContext } from './context.ts'

const RETRY_MS = 500
/** Longer than two replicas may both take themselves for the owner: they do not write over each other, and the one that is looks then. */
const OVERLAP_MS = 15_000

/**
 * Keeps `kept` as the bucket is; resolves once it was read. What a lost bucket held stays known, to be put there again. `heard` is called
 * a while later with the key of the AcceptAPI whose entry changed: a replica that owned it before may have been late with its word.
 */
export async function followKept(
  { bucket, kept, logger }: Pick<RegistryContext, 'bucket' | 'kept' | 'logger'>,
  signal: AbortSignal,
  heard: (key: string) => void,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const due = new Map<string, NodeJS.Timeout>()
  const hear = (key: string) => {
    clearTimeout(due.get(key))
    const settled = () => {
      due.delete(key)
      heard(key)
    }
    due.set(key, setTimeout(settled, OVERLAP_MS))
  }
  signal.addEventListener('abort', () => {
    for (const timer of due.values()) clearTimeout(timer)
  })
  const read = async () => {
    for await (const entry of bucket.watch(signal)) {
      if (entry === 'ready') {
        resolve()
        continue
      }
      const about = entry.value ?? kept.get(entry.key)
      if (entry.value === undefined) kept.delete(entry.key)
      else kept.set(entry.key, entry.value)
      if (about !== undefined) hear(acceptAPIKey(about.provider, about.name))
    }
  }
  const readAgain = async () => {
    while (!signal.aborted) {
      await read().catch((error: unknown) => logger.warn({ err: error }, 'offers are not readable, trying again'))
      await new Promise((done) => setTimeout(done, RETRY_MS))
    }
  }
  void readAgain()
  await promise
}
