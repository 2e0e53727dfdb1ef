/** Does `work` for each number below `count`, `inFlight` at once. */
export async function eachOf(count: number, inFlight: number, work: (i: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => i)[Symbol.iterator]()
  const some = async (): Promise<void> => {
    for (const i of numbers) await work(i)
  }
  await Promise.all(Array.from({ length: inFlight }, some))
}
