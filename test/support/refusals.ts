import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Period } from '@resource-broker/testbed'

/** What a service logs when NATS refuses what its user may not do. */
const BY_NATS = '"NATS does not allow this"'

/** What it logs when an API server refuses what its ServiceAccount may not do; others may quote that from a record, at any later time. */
const BY_API_SERVER = /system:serviceaccount:default:resource-broker-(?<service>[a-z-]+)\\*" cannot/

/** A service may have been frozen for so long when it was answered, in milliseconds; it logs the answer after that. */
const LOGGED_WITHIN_MS = 15_000

/**
 * The lines of the logs in `dir` in which a service tells that it was refused something for want of rights. What was refused during
 * `restarts` of an API server counts for nothing: it serves before its authorizer has read the roles.
 */
export async function refusals(dir: string, restarts: Period[] = []): Promise<string[]> {
  const logs = (await readdir(dir)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(logs.map((name) => readFile(join(dir, name), 'utf8')))
  const lines = texts.flatMap((text) => text.split('\n'))
  return lines.filter((line) => line.includes(BY_NATS) || (isRefused(line) && !isWithin(restarts, line)))
}

function isRefused(line: string): boolean {
  const service = BY_API_SERVER.exec(line)?.groups?.['service']
  return service !== undefined && service === (JSON.parse(line) as { service: string }).service
}

function isWithin(periods: Period[], line: string): boolean {
  const logged = Date.parse((JSON.parse(line) as { time: string }).time)
  return periods.some(({ from, to }) => logged >= from && logged <= to + LOGGED_WITHIN_MS)
}
