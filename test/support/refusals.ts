import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a service logs when NATS refuses what its user may not do, or an API server what its ServiceAccount may not. */
const REFUSED = /"NATS does not allow this"|system:serviceaccount:default:resource-broker-[a-z-]+\\*" cannot/

/** The lines of the logs in `dir` in which a service tells that it was refused something for want of rights. */
export async function refusals(dir: string): Promise<string[]> {
  const logs = (await readdir(dir)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(logs.map((name) => readFile(join(dir, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n')).filter((line) => REFUSED.test(line))
}
