/**
 * Microseconds per call over at least a fifth of a second after warming up: of CPU that the process had, all of its threads together, so that
 * what else runs on the machine takes no part.
 */
export function meanOf(work: (i: number) => void): number {
  run(work, 50_000)
  const { calls, us } = run(work, 200_000)
  return us / calls
}

function run(work: (i: number) => void, leastUs: number): { calls: number; us: number } {
  const start = process.cpuUsage()
  let calls = 0
  let us = 0
  while (us < leastUs) {
    for (let i = 0; i < 16; i++) work(calls++)
    const { user, system } = process.cpuUsage(start)
    us = user + system
  }
  return { calls, us }
}
