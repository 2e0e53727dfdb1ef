/** A JSON pointer that leads nowhere; the text is for a cause, clients do not see it. */
export class PointerError extends Error {
  override readonly name = 'PointerError'
}

/** The steps of a JSON pointer. What stands before the first slash does not matter, as in kube-apiserver. */
export function pointerSteps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** An index as Go's strconv.Atoi reads it, counted from the end when negative. Throws PointerError outside of `length`. */
export function arrayIndex(step: string, length: number): number {
  if (!/^[+-]?\d+$/.test(step)) throw new PointerError(`value was not a proper array index: '${step}'`)
  const index = Number(step)
  const position = index < 0 ? index + length : index
  if (position < 0 || position >= length) throw new PointerError(`Unable to access invalid index: ${index}`)
  return position
}
