/** How often it is looked whether the command that started this process is still there, in milliseconds. */
const CHECK_MS = 1_000

/** Calls `gone` once `parent()` is not `starter` any more: whoever started this process ended, and somebody else adopted it. */
export function whenParentGone(starter: number, parent: () => number, gone: () => void): void {
  const check = setInterval(() => {
    if (parent() === starter) return
    clearInterval(check)
    gone()
  }, CHECK_MS).unref()
}
