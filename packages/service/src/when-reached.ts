import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessContext } from './lifecycle.ts'

type Surroundings = Pick<ProcessContext, 'logger' | 'readyCheck' | 'signal'> & {
  /** Lets so many milliseconds pass; rejects when `signal` aborts. */
  pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** How long until what did not answer is asked again. */
const RETRY_MS = 1_000

/**
 * Does what a service cannot begin without, and again for as long as `isAway` says of its error that nobody is there: each reason is
 * told once, and readiness has the last. Rejects with any other error, and when `signal` aborts.
 * @param waitsFor what is asked, as people call it
 */
export async function whenReached<T>(
  waitsFor: string,
  { logger, readyCheck, signal, pause = sleep }: Surroundings,
  begin: () => Promise<T>,
  isAway: (error: unknown) => boolean,
): Promise<T> {
  let why: string | undefined
  readyCheck(`start/${waitsFor}`, () => why)
  for (;;) {
    signal.throwIfAborted()
    try {
      const begun = await begin()
      if (why !== undefined) logger.info({ waitsFor }, 'it answers now, the start goes on')
      why = undefined
      return begun
    } catch (error) {
      if (!isAway(error)) throw error
      const { message } = error as Error
      if (message !== why) logger.warn({ waitsFor, why: message }, 'the start waits for what does not answer')
      why = message
    }
    await pause(RETRY_MS, signal)
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal })
