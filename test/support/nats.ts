import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeNatsUsers } from '@resource-broker/cli'
import { type Nats, startNats } from '@resource-broker/testbed'

/** Stands in a flag for the name of the service that is started with it. */
export const OWN = '{service}'

/** What a service logs when NATS refuses what its user may not do. */
const REFUSAL = '"NATS does not allow this"'

/**
 * Starts a nats-server with an account that the broker shares with others: each service has a user with the permissions that `nats-users`
 * writes, and whoever does not sign in may do everything. `flags` make a service sign in as its own.
 */
export async function startSharedNats(options: {
  dir: string
  report: (line: string) => void
}): Promise<{ nats: Nats; flags: string[] }> {
  const output = join(options.dir, 'nats-users')
  const { users } = await writeNatsUsers({ output })
  const entries = users.map(
    ({ key, permissions }) => `{ nkey: ${key}, permissions: { include ${relative(options.dir, permissions)}\n } }`,
  )
  const all = ['{ user: everybody, password: everybody }', ...entries]
  const config = `accounts { SHARED { jetstream: enabled, users: [ ${all.join('\n')} ] } }\nno_auth_user: everybody`
  const nats = await startNats({ ...options, config })
  return { nats, flags: ['--nats', nats.url, '--nats-credentials', join(output, 'seeds', `${OWN}.nk`)] }
}

/** The lines of the logs in `dir` in which a service tells that NATS refused something. */
export async function natsRefusals(dir: string): Promise<string[]> {
  const logs = (await readdir(dir)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(logs.map((name) => readFile(join(dir, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n')).filter((line) => line.includes(REFUSAL))
}
