export type RetryOptions = { firstRetryMs?: number; lastRetryMs?: number; random?: () => number }

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 10_000

/** Milliseconds until the next attempt after `failures` in a row: doubling, at most the last, spread over its upper half. */
export function retryDelay(failures: number, options: RetryOptions, atMostMs = Number.POSITIVE_INFINITY): number {
  const { firstRetryMs = FIRST_RETRY_MS, lastRetryMs = LAST_RETRY_MS, random = Math.random } = options
  const wait = Math.min(firstRetryMs * 2 ** Math.min(failures - 1, 20), lastRetryMs, atMostMs)
  return Math.round(wait * (0.5 + random() / 2))
}
