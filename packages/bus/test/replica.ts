/** A replica of a service in a process of its own, for tests that kill it: prints each key; `hold` never gets done with any. */
import { DONE } from '../src/consumer-options.ts'
import { openBus } from './fixture.ts'

const [url = '', prefix = '', how = ''] = process.argv.slice(2)
const bus = await openBus(url, prefix)
await bus.consume({
  service: 'svc',
  parts: ['source'],
  concurrency: 64,
  remember: () => undefined,
  reconcile: async ({ key }) => {
    console.log(key)
    if (how === 'hold') await new Promise(() => undefined)
    return DONE
  },
})
console.log('ready')
