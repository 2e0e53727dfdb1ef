import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './ports.ts'
import { ensurePostgres } from './postgres-binaries.ts'
import { ManagedProcess } from './processes.ts'
import type { Report } from './tools.ts'

const run = promisify(execFile)

/** A PostgreSQL server on a loopback port. */
export type Postgres = {
  /** On 127.0.0.1, where a role needs its password. */
  port: number
  process: ManagedProcess
  /** What `sql` prints, rows as lines and columns with `|` between; as the superuser, in the database `postgres` if left out. */
  query(sql: string, database?: string): Promise<string>
  /** Ends the server's sessions, the server, and what it kept. */
  stop(): Promise<void>
}

/** Starts a PostgreSQL server with nothing in it, ready to serve; throws PostgresUnavailableError and StartError. */
export async function startPostgres({ report = () => undefined }: { report?: Report } = {}): Promise<Postgres> {
  const folder = await ensurePostgres(report)
  const program = (name: string) => join(folder, name)
  const identity = await serverIdentity()
  const [port, dir] = await Promise.all([freePort(), mkdtemp(join(tmpdir(), 'postgres-'))])
  // Nobody else may enter the directory, so whoever reaches the socket in it may be trusted.
  if (identity !== undefined) await chown(dir, identity.uid, identity.gid)
  const data = join(dir, 'data')
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', '--username=postgres']
  const init = ['--pgdata', data, ...auth, '--encoding=UTF8', '--no-locale', '--no-sync']
  await run(program('initdb'), init, { cwd: dir, ...identity })
  const server = new ManagedProcess({
    name: 'postgres',
    command: program('postgres'),
    args: ['-D', data, '-k', dir, '-h', '127.0.0.1', '-p', String(port), '-c', 'fsync=off'],
    cwd: dir,
    logFile: join(dir, 'postgres.log'),
    ...(identity && { identity }),
    ready: () => run(program('pg_isready'), ['-h', dir, '-p', String(port)]).then(() => true),
  })
  const connection = ['-h', dir, '-p', String(port), '-U', 'postgres']
  const stop = async () => {
    // A fast shutdown: SIGTERM alone waits until each client has gone.
    await server.kill('SIGINT')
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
  const query = async (sql: string, database = 'postgres') => {
    const args = [...connection, '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAtX', '-c', sql]
    return (await run(program('psql'), args)).stdout.trimEnd()
  }
  await server.start().catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true })
    throw error
  })
  return { port, process: server, query, stop }
}

/** PostgreSQL refuses to run as root: then who runs it instead. */
async function serverIdentity(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const idOf = async (flag: string) => Number((await run('id', [flag, 'nobody'])).stdout)
  const [uid, gid] = await Promise.all([idOf('-u'), idOf('-g')])
  return { uid, gid }
}
