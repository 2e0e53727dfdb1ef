import { isTransient } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'

/** Something that is done to the world. What it is has been decided by the seed when it is planned. */
export type Deed = {
  /** In words, for the story. */
  does: string
  /** Resolves with what there is to add to the story. */
  act: () => Promise<string | undefined>
}

/** How long somebody tries to have a thing done: what takes longer hangs, on however busy a machine. */
const PATIENCE_MS = 900_000
const RETRY_MS = 200

/** As people do whose API server is away: tries until `attempt` was answered with something else than undefined. Throws what is final. */
export async function untilAnswered<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const patient = async () => {
    try {
      return { answer: await attempt() }
    } catch (error) {
      if (isTransient(error)) return { answer: undefined }
      throw error
    }
  }
  const options = { timeoutMs: PATIENCE_MS, intervalMs: RETRY_MS }
  const probe = async () => ((await patient()) as { answer: T | undefined }).answer
  return (await waitFor(what, probe, options)) as T
}
