import { join } from 'node:path'
import { ensurePostgres, freePort, playReadme, prepareReadme, type Report, type Walk } from '@resource-broker/testbed'

const FOLDER = import.meta.dirname
const ROOT = join(FOLDER, '../..')

/** Prepares to do what the README tells, with the binaries that it asks for: `walkthrough.walk(steps)` does it. */
export async function prepare(say: Report): Promise<Walk> {
  const env = { NATS_PORT: String(await freePort()) }
  const path = [await ensurePostgres(say)]
  const [logs, binaries] = [join(ROOT, '.tmp/postgres-logs'), ['kubectl', 'nats-server'] as const]
  return await prepareReadme({ folder: FOLDER, cwd: ROOT, logs, binaries, path, env }, say)
}

if (import.meta.main) await playReadme(prepare)
