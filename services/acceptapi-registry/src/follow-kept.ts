import type { RegistryContext } from './context.ts'

const RETRY_MS = 500

/** Keeps `kept` as the bucket is; resolves once it was read. What a lost bucket held stays known, to be put there again. */
export async function followKept(
  { bucket, kept, logger }: Pick<RegistryContext, 'bucket' | 'kept' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const read = async () => {
    for await (const entry of bucket.watch(signal)) {
      if (entry === 'ready') resolve()
      else if (entry.value === undefined) kept.delete(entry.key)
      else kept.set(entry.key, entry.value)
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
