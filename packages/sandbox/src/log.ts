import { stringifyJson } from '@resource-broker/json'
import type { ControllerLog } from './kube/controller-log.ts'

/** Writes a line per message to standard error, errors with their stack. */
export const stderrLog: ControllerLog = {
  warn(fields, message) {
    const shown = Object.entries(fields).map(([name, value]) => [name, readable(value)])
    process.stderr.write(`${message} ${stringifyJson(Object.fromEntries(shown))}\n`)
  },
}

function readable(value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value
}
