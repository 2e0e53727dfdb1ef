import { join, relative } from 'node:path'
import { writeNatsUsers } from '@resource-broker/cli'
import { type Nats, startNats } from '@resource-broker/testbed'

/** Stands in a flag for the name of the service that is started with it. */
export const OWN = '{service}'

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
