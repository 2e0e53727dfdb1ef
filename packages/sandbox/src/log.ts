import type { ControllerLog } from './kube/controller-log.ts'

/** Writes a line per message to standard error, errors with their stack. */
export const stderrLog: ControllerLog = {
  warn(fields, message) {
    process.stderr.write(`${message} ${JSON.stringify(fields, readable)}\n`)
  },
}

function readable(_: string, value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value
}
