import type { Logger } from '../../../packages/service/src/logger.ts'

type Say = (level: string, fields: Record<string, unknown>, message: string) => void

/** A logger whose lines go to `say`, with what its parents were given. */
export function quietLogger(say: Say, bindings: Record<string, unknown> = {}): Logger {
  const at =
    (level: string) =>
    (fields: Record<string, unknown> | string, message = '') =>
      typeof fields === 'string' ? say(level, bindings, fields) : say(level, { ...bindings, ...fields }, message)
  const logger = {
    trace: () => undefined,
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more: Record<string, unknown>) => quietLogger(say, { ...bindings, ...more }),
  }
  return logger as unknown as Logger
}
