import type { Permissions } from '@resource-broker/bus'
import { stringify } from 'yaml'

/** The account of the broker's users. */
const ACCOUNT = 'BROKER'

/**
 * Values for the chart of the NATS project (1.x) that give its servers these users, in an account of their own: it puts what stands in
 * `config.merge` into the configuration of the servers.
 */
export function chartValues(users: readonly { key: string; permissions: Permissions }[]): string {
  const entries = users.map(({ key, permissions }) => ({ nkey: key, permissions }))
  const accounts = { [ACCOUNT]: { jetstream: 'enabled', users: entries } }
  return `# For the chart of the NATS project, beside deploy/nats/values.yaml.\n${stringify({ config: { merge: { accounts } } })}`
}
