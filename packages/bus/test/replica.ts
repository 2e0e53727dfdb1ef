/**
 * A replica of a service in a process of its own, for tests that kill or freeze it: prints each key; `hold` never gets done with any,
 * and `write` prints a write every few milliseconds until its fence stops it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { DONE, type Run } from '../src/consumer-options.ts'
import { openBus } from './fixture.ts'

const [url = '', prefix = '', how = ''] = process.argv.slice(2)
const bus = await openBus(url, prefix)

async function writeOn({ fence }: Run): Promise<void> {
  for (;;) {
    fence.check()
    console.log(`wrote ${Date.now()}`)
    await delay(5)
  }
}

await bus.consume({
  service: 'svc',
  parts: ['source'],
  concurrency: 64,
  remember: () => undefined,
  reconcile: async (run) => {
    console.log(run.key)
    if (how === 'hold') await new Promise(() => undefined)
    if (how === 'write') await writeOn(run)
    return DONE
  },
  report: ({ type }) => console.log(type),
})
console.log('ready')
