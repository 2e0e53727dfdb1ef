import { parseJson, stringifyJson } from '@resource-broker/json'
import type { DestinationStream } from 'pino'

type Line = {
  time: string
  level: string
  msg?: string
  service?: string
  err?: { type: string; message: string; stack?: string }
} & Record<string, unknown>

/** Turns JSON lines into lines for people: time of day, level, service, message, then the other fields. */
export function pretty(destination: DestinationStream): DestinationStream {
  return {
    write(text) {
      const { time, level, msg = '', service, err, ...fields } = parseJson(text) as Line
      const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`)
      const error = err === undefined ? '' : err.stack === undefined ? ` ${err.type}: ${err.message}` : `\n${err.stack}`
      const name = service === undefined ? '' : ` ${service}:`
      destination.write(
        `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)}${name} ${msg}${rest.join('')}${error}\n`,
      )
    },
  }
}

function show(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : stringifyJson(value)
}
