// A sandbox in a process of its own, whose CPU and memory are its own. Takes a directory for its state, or none.
import { startSandbox } from '../mod.ts'
import type { ServerReport } from './messages.ts'

const [dir] = process.argv.slice(2)
const { url, ca, adminToken } = await startSandbox(dir === undefined ? {} : { dir })
const readyMs = process.uptime() * 1_000
const began = performance.now()
const second = await startSandbox()
const secondStartMs = performance.now() - began
await second.close()
const report: ServerReport = {
  target: { url, ca, token: adminToken, prefix: '/clusters/root' },
  readyMs,
  secondStartMs,
}
process.send?.(report)
process.once('disconnect', () => process.exit())
