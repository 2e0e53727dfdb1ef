import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { type BusUser, busUsers, Layout, type Permissions, permissionsOf } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import { busPrefix } from '@resource-broker/service'
import { NatsUsersError } from '../errors.ts'
import { chartValues } from './chart-values.ts'
import { type NatsUsersFlags, natsUsersConfig } from './config.ts'

/** One user: its public key, and the files of its seed and of its permissions. */
type NatsUser = { name: BusUser; key: string; seed: string; permissions: string; isNew: boolean }

/** What was written. `config`: the file that an account of a nats-server includes; `values`: for the chart of the NATS project. */
export type NatsUsers = { config: string; values: string; users: NatsUser[] }

/**
 * Writes a user with the least permissions for each service, and one for all of them in one process: `seeds/USER.nk`, readable by its owner
 * alone, `permissions/USER.conf`, and `users.conf` and `values.yaml` with the public keys of all. @throws {NatsUsersError} in one line
 */
export async function writeNatsUsers(flags: NatsUsersFlags): Promise<NatsUsers> {
  const { output, partitions, ...named } = natsUsersConfig.parse(flags)
  const layout = new Layout(busPrefix(named), partitions)
  const config = join(output, 'users.conf')
  const values = join(output, 'values.yaml')
  try {
    await mkdir(join(output, 'seeds'), { recursive: true, mode: 0o700 })
    await mkdir(join(output, 'permissions'), { recursive: true })
    const users = await Promise.all(
      busUsers.map(async (name): Promise<NatsUser> => {
        const seed = join(output, 'seeds', `${name}.nk`)
        const permissions = join(output, 'permissions', `${name}.conf`)
        await writeFile(permissions, permissionsConf(permissionsOf(name, layout)))
        return { name, seed, permissions, ...(await keyIn(seed)) }
      }),
    )
    const entries = users.map(({ name, key }) => {
      return `  # ${name}\n  { nkey: ${key}, permissions: { include ./permissions/${name}.conf\n  } }\n`
    })
    await writeFile(
      config,
      `# For an account of a nats-server: docs/operations/secure.md.\nusers: [\n${entries.join('')}]\n`,
    )
    await writeFile(
      values,
      chartValues(users.map(({ name, key }) => ({ key, permissions: permissionsOf(name, layout) }))),
    )
    return { config, values, users }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === undefined ? error : new NatsUsersError(`--output: ${message}`, { cause: error })
  }
}

/** The public key of the seed in a file, which is made where it is not there. */
async function keyIn(file: string): Promise<{ key: string; isNew: boolean }> {
  const fresh = nkeys.createUser()
  try {
    await writeFile(file, fresh.getSeed(), { mode: 0o600, flag: 'wx' })
    return { key: fresh.getPublicKey(), isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  try {
    return { key: nkeys.fromSeed(Buffer.from((await readFile(file, 'utf8')).trim())).getPublicKey(), isNew: false }
  } catch (cause) {
    throw new NatsUsersError(`${file} is not the seed of an nkey`, { cause })
  }
}

/** As a nats-server reads it, a subject a line. */
function permissionsConf(permissions: Permissions): string {
  const list = (subjects: string[]) => `[\n${subjects.map((subject) => `    ${stringifyJson(subject)}\n`).join('')}  ]`
  const sections = Object.entries(permissions).map(([section, rules]) => {
    const lines = Object.entries(rules).map(([rule, subjects]) => `  ${rule}: ${list(subjects)}\n`)
    return `${section}: {\n${lines.join('')}}\n`
  })
  return sections.join('')
}
