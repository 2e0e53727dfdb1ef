import { spawn } from 'node:child_process'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** A terminal's Ctrl-C arrives here twice when npm runs us: from the terminal and from npm. In milliseconds. */
const sameKeyPress = 300

/**
 * Runs a command with our standard streams and resolves to its exit code (128 + number for a signal). The child has a
 * process group of its own, so that a signal reaches it once, through us; what is left of its group when it ended is
 * killed.
 */
export function run(command, args, { env = process.env, cwd, quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  })
  const output = []
  for (const stream of quiet ? [child.stdout, child.stderr] : []) stream.on('data', (chunk) => output.push(chunk))
  let last = 0
  const forward = (signal) => {
    const now = Date.now()
    if (now - last > sameKeyPress) child.kill(signal)
    last = now
  }
  for (const signal of signals) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      killGroup(child.pid)
      const signalCode = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }[signal] ?? 1
      resolve({ code: code ?? signalCode, interrupted: last > 0, output: Buffer.concat(output).toString() })
    })
  })
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it: the usual case.
  }
}
