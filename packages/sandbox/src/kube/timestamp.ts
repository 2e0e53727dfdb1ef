/** The second that was asked for last: within one, many requests come, and each writes the time several times. */
let latest = { second: Number.NaN, text: '' }

/** Time as Kubernetes writes it: RFC 3339 in whole seconds. Throws RangeError for an invalid date. */
export function timestamp(date: Date): string {
  const second = Math.floor(date.getTime() / 1000)
  if (second !== latest.second)
    latest = { second, text: `${date.toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}Z` }
  return latest.text
}
