let due: (() => void)[] = []

/**
 * Runs `say` at the end of this turn of the event loop. The client writes to its socket once for each task that said something; what
 * many tasks of one turn have to say goes out in one write this way, and a write costs more than what is in it.
 */
export function atEndOfTurn(say: () => void): void {
  if (due.push(say) > 1) return
  setImmediate(() => {
    const now = due
    due = []
    for (const each of now) each()
  })
}
