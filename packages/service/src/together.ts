/**
 * As `Promise.all`, but settled only once each of them is: a run whose one write fails must not end, and be tried again or leave its
 * partition to another replica, while another write of it is still on its way.
 * @throws what the first in the list that was rejected was rejected with
 */
export async function together<T extends readonly unknown[] | []>(
  begun: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(begun)
  return await Promise.all(begun)
}
