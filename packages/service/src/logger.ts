import { type DestinationStream, type Logger, pino } from 'pino'
import type { SharedConfig } from './flags.ts'
import { pretty } from './pretty.ts'

export type { Logger } from 'pino'

/** Keys whose values never reach a log, at the top of a line's fields or one or two levels below. */
const secretKeys = [
  'authorization',
  'credentials',
  'data',
  'kubeconfig',
  'password',
  'privateKey',
  'secret',
  'stringData',
  'token',
]

/**
 * What of an error is logged: never its other fields, which in client libraries hold requests with their headers. One with a
 * code is foreseen, and says what it has to without its stack.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  const cause = error.cause === undefined || depth > 4 ? undefined : describeError(error.cause, depth + 1)
  return { type: error.name, code, message: error.message, stack: code === undefined ? error.stack : undefined, cause }
}

/**
 * A logger of JSON lines with a constant message and variable fields, to standard output unless a `destination` is
 * given. Lines are written at once, so that the last one before an exit is never lost. `fields` are asked for each line.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<SharedConfig, 'logLevel' | 'logFormat'>,
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
  fields?: () => object,
): Logger {
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(fields === undefined ? {} : { mixin: fields }),
      serializers: { err: describeError, error: describeError },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    },
    logFormat === 'pretty' ? pretty(destination) : destination,
  )
}
