let end: Promise<void> | undefined

/** Resolves when the event loop has heard of all that has come so far; the same promise for all who ask within one turn. */
export function endOfTurn(): Promise<void> {
  end ??= new Promise((resolve) =>
    setImmediate(() => {
      end = undefined
      resolve()
    }),
  )
  return end
}
