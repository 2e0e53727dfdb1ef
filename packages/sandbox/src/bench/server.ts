// A sandbox in a process of its own, whose CPU and memory are its own. Takes a directory for its state, or none.
import { startSandbox } from '../mod.ts'
import type { ServerReport } from './messages.ts'

const [dir] = process.argv.slice(2)
const { url, ca, adminToken } = await startSandbox(dir === undefined ? {} : { dir })
const readyMs = process.uptime() * 1_000
const report: ServerReport = {
  target: { url, ca, token: adminToken, prefix: '/clusters/root' },
  readyMs,
  // One with a directory makes keys of its own; many in one process are for tests, in memory.
  ...(dir === undefined && { secondStartMs: await secondStart() }),
}
process.send?.(report)
process.once('disconnect', () => process.exit())

async function secondStart(): Promise<number> {
  const began = performance.now()
  const second = await startSandbox()
  const elapsed = performance.now() - began
  await second.close()
  return elapsed
}
