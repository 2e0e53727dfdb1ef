import { waitFor } from '@resource-broker/testbed'

/**
 * Waits until nothing is left of `what`. `look` names what is, and answers undefined where nobody could be asked.
 * @throws with what was left last
 */
export async function untilNothingLeft(
  what: string,
  look: () => Promise<string[] | undefined>,
  timeoutMs: number,
): Promise<void> {
  let left: string[] = []
  const isEmpty = async () => {
    const seen = await look()
    left = seen ?? left
    return seen?.length === 0
  }
  await waitFor(`nothing is left of ${what}`, isEmpty, { timeoutMs, intervalMs: 250 }).catch((cause: unknown) => {
    throw new Error(left.join('\n'), { cause })
  })
}
