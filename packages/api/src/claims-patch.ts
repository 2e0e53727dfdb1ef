/** `again`: how often it was asked for since it was made. */
type Claim = { uid: string; again?: number | undefined }

/** Whether two claims are of one life, and of one time at which it was asked for. */
export const isSameClaim = (a: Claim | undefined, b: Claim | undefined): boolean =>
  a?.uid === b?.uid && a?.again === b?.again

/** The merge patch from some claims to others, by what they are told apart; undefined if nothing changes. */
export function claimsPatch<C extends Claim>(
  before: Readonly<Record<string, C>>,
  after: Readonly<Record<string, C>>,
): Record<string, C | null> | undefined {
  const gone = Object.keys(before).filter((name) => after[name] === undefined)
  const changed = Object.entries(after).filter(([name, claim]) => !isSameClaim(before[name], claim))
  if (gone.length + changed.length === 0) return undefined
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(changed) }
}
