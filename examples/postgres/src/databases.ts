import type { Postgres } from '@resource-broker/testbed'

/** A database that one role owns, which bears its name and may enter no other. */
export type Login = { name: string; password: string }

/** Makes the role and the database where they are not there yet, and the password that of the role. */
export async function ensureDatabase(server: Pick<Postgres, 'query'>, { name, password }: Login): Promise<void> {
  const isThere = async (table: string, column: string) =>
    (await server.query(`SELECT 1 FROM ${table} WHERE ${column} = ${literal(name)}`)) === '1'
  if (!(await isThere('pg_roles', 'rolname'))) await server.query(`CREATE ROLE ${identifier(name)} LOGIN`)
  await server.query(`ALTER ROLE ${identifier(name)} PASSWORD ${literal(password)}`)
  if (!(await isThere('pg_database', 'datname')))
    await server.query(`CREATE DATABASE ${identifier(name)} OWNER ${identifier(name)}`)
  await server.query(`REVOKE CONNECT ON DATABASE ${identifier(name)} FROM PUBLIC`)
}

/** Takes both away, with what is in the database and whoever is connected to it. */
export async function dropDatabase(server: Pick<Postgres, 'query'>, name: string): Promise<void> {
  await server.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`)
  await server.query(`DROP ROLE IF EXISTS ${identifier(name)}`)
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
