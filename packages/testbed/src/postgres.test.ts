import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startPostgres } from './postgres.ts'
import { ensurePostgres, PostgresUnavailableError } from './postgres-binaries.ts'

const run = promisify(execFile)

test('a role comes in with its password and not without; what it wrote outlives a crash of the server', async (context) => {
  const folder = await ensurePostgres(console.log).catch((error: unknown) => {
    if (error instanceof PostgresUnavailableError) context.skip(error.message)
    throw error
  })
  const server = await startPostgres({ report: console.log })
  onTestFinished(() => server.stop())
  await server.query(`CREATE ROLE ann LOGIN PASSWORD 'secret'`)
  await server.query('CREATE DATABASE shop OWNER ann')
  const asAnn = async (password: string, sql: string) => {
    const uri = `postgresql://ann:${password}@127.0.0.1:${server.port}/shop`
    return (await run(join(folder, 'psql'), [uri, '-AtX', '-c', sql])).stdout.trim()
  }
  await asAnn('secret', 'CREATE TABLE orders (id int PRIMARY KEY)')
  await asAnn('secret', 'INSERT INTO orders VALUES (1), (2)')
  await expect(asAnn('guess', 'SELECT 1')).rejects.toThrow('password authentication failed')
  await server.process.kill('SIGKILL')
  await server.process.start()
  expect(await asAnn('secret', 'SELECT count(*) FROM orders')).toBe('2')
  expect(await server.query('SELECT id, id + 1 FROM orders ORDER BY id', 'shop')).toBe('1|2\n2|3')
})
