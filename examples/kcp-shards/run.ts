import { join } from 'node:path'
import { playReadme, prepareReadme, type Report, type Walk } from '@resource-broker/testbed'

const FOLDER = import.meta.dirname
const ROOT = join(FOLDER, '../..')

/** Prepares to do what the README tells, with the binaries that it asks for: `walkthrough.walk(steps)` does it. */
export async function prepare(say: Report): Promise<Walk> {
  const logs = join(ROOT, '.tmp/kcp-shards-logs')
  return await prepareReadme({ folder: FOLDER, cwd: ROOT, logs, binaries: ['kubectl', 'nats-server'] }, say)
}

if (import.meta.main) await playReadme(prepare)
