import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Keeps the list of guarded process groups that it reads from stdin, and kills them at the end of its input. The kernel closes
 * that pipe however the parent ends (exit, crash, SIGKILL), so no handler in the parent is needed.
 */
const SCRIPT = `
guarded=
while read -r verb pid; do
  case "$verb" in
    guard) guarded="$guarded $pid" ;;
    release)
      kept=
      for each in $guarded; do [ "$each" = "$pid" ] || kept="$kept $each"; done
      guarded=$kept ;;
  esac
done
for each in $guarded; do kill -KILL "-$each" 2>/dev/null; done
`

let watchdog: ChildProcess | undefined

/** The process group led by `pid` is killed when this process ends, whatever ends it. */
export function guard(pid: number): void {
  watchdog ??= startWatchdog()
  watchdog.stdin?.write(`guard ${pid}\n`)
}

/** The process group led by `pid` has ended; its number may be given to another. */
export function release(pid: number): void {
  watchdog?.stdin?.write(`release ${pid}\n`)
}

function startWatchdog(): ChildProcess {
  // A session of its own: what is sent to the parent's process group must not end the watchdog.
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  const input = child.stdin as Socket
  input.unref()
  // Where the watchdog itself was killed there is nobody left to tell.
  input.on('error', () => undefined)
  return child
}
