import { join } from 'node:path'

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../../..')

const services = [
  'broker',
  'acceptapi-registry',
  'migration-coordinator',
  'placement-scheduler',
  'provider-syncer',
  'workspace-provisioner',
  'workspace-watcher',
]

/** What the image holds: the name of each program (`<name>.mjs`) and the source, relative to the checkout, that it begins with. */
export const programs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(services.map((name) => [name, `services/${name}/src/main.ts`])),
  cli: 'packages/cli/src/main.ts',
  sandbox: 'packages/sandbox/src/main.ts',
  issuer: 'examples/issuer/src/main.ts',
}
