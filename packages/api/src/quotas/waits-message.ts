/** How many of a line read their place in it: what changes behind them concerns nobody else, and costs no write. */
export const TOLD_IN_LINE = 20

type Wait = {
  quota: string
  /** Places that are taken. */
  taken: number
  places: number
  /** Who stand before it. */
  ahead: number
  /** Who wait, itself too. */
  waiting: number
}

/**
 * Why an object waits. The first of the line read their place; for all others the words stay the same while the line moves. A place that is
 * free for one who stands before is as good as taken.
 */
export function waitsMessage({ quota, taken, places, ahead, waiting }: Wait): string {
  const used = `ConsumerQuota ${quota}: ${Math.max(taken, places)} of ${places} ${places === 1 ? 'object' : 'objects'} of the consumer ${places === 1 ? 'is' : 'are'} placed`
  if (ahead >= TOLD_IN_LINE) return `${used}; ${TOLD_IN_LINE} or more wait before it`
  const all = waiting > TOLD_IN_LINE ? `more than ${TOLD_IN_LINE}` : `${waiting}`
  return `${used}; ${ordinal(ahead + 1)} of ${all} that ${waiting === 1 ? 'waits' : 'wait'}`
}

const ordinal = (n: number): string => {
  const isTeen = n % 100 > 10 && n % 100 < 14
  const suffix = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${suffix}`
}
