/** The candidate that takes the fewest edits to become, or that continues, `word`; nothing when all are far off. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      edits: word.length > 2 && candidate.startsWith(word) ? 0 : distance(word, candidate),
    }))
    .sort((a, b) => a.edits - b.edits || a.candidate.localeCompare(b.candidate))
  const [best] = ranked
  return best !== undefined && best.edits <= Math.max(2, word.length / 3) ? best.candidate : undefined
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
