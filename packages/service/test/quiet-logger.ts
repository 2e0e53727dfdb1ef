import { createLogger } from '../src/logger.ts'

/** A logger of which nobody reads a line. */
export const quietLogger = createLogger({ logLevel: 'fatal', logFormat: 'json' }, { write: () => undefined })
