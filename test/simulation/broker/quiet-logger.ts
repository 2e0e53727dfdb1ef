import type { Logger } from '../../../packages/service/src/logger.ts'

type Say = (level: string, fields: Record<string, unknown>, message: string) => void

/** A logger whose lines go to `say`. */
export function quietLogger(say: Say): Logger {
  const at =
    (level: string) =>
    (fields: Record<string, unknown>, message = '') =>
      say(level, fields, message)
  const logger = {
    trace: () => undefined,
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return logger as unknown as Logger
}
