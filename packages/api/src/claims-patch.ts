/** The merge patch from some claims to others, by what they are told apart; undefined if nothing changes. One of the same uid says the same. */
export function claimsPatch<C extends { uid: string }>(
  before: Readonly<Record<string, C>>,
  after: Readonly<Record<string, C>>,
): Record<string, C | null> | undefined {
  const gone = Object.keys(before).filter((name) => after[name] === undefined)
  const changed = Object.entries(after).filter(([name, { uid }]) => before[name]?.uid !== uid)
  if (gone.length + changed.length === 0) return undefined
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(changed) }
}
