import { z } from 'zod'
import { configSchema, runService } from '../src/mod.ts'

/** The smallest service, for tests and for measuring what an idle process costs. */
await runService({
  name: 'idle',
  summary: 'does nothing.',
  config: configSchema({ break: z.boolean().default(false).describe('Fail after the start, unhandled') }),
  start({ config }) {
    if (config.break) setImmediate(() => Promise.reject(new Error('nobody handles this')))
  },
})
