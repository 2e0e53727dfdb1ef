import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { serveSandbox } from './assembly.ts'
import { call } from './http/test-support.ts'
import type { InstallationOptions, Served } from './kcp/shards/mod.ts'
import type { Sandbox, SandboxOptions } from './types.ts'

const open: Sandbox[] = []
const directories: string[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()))
  await Promise.all(directories.splice(0).map((dir) => rm(dir, { recursive: true })))
})

/** Answers with the name of what was reached, and who asked. */
async function install({ shards }: InstallationOptions): Promise<Served> {
  const named = (name: string): Served['frontProxy'] => {
    return async ({ credentials }) => ({ status: 200, body: JSON.stringify({ name, credentials }) })
  }
  const served = shards.map(({ name }) => ({ name, handler: named(name), start: nothing, stop: nothing }))
  return { shards: served, frontProxy: named('front proxy'), close: nothing }
}

async function nothing(): Promise<void> {}

async function started(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await serveSandbox(install, options)
  open.push(sandbox)
  return sandbox
}

async function directory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sandbox-test-'))
  directories.push(dir)
  return dir
}

const ask = async ({ ca }: Sandbox, url: string, options = {}) =>
  JSON.parse((await call({ url, ca }, '/', options)).body.toString())

describe('A sandbox of one shard', () => {
  test('is served by the shard itself', async () => {
    const sandbox = await started()
    expect(sandbox.url).toBe(sandbox.shards[0]?.url)
    expect(await ask(sandbox, sandbox.url)).toMatchObject({ name: 'root' })
  })
})

test('A sandbox that others reach by a name says that name in its URLs, and has it in its certificate', async () => {
  // Of the loopback interface, and on no other list of names.
  const sandbox = await started({ host: '0.0.0.0', externalHost: '127.0.0.2', shards: 2 })
  const urls = [sandbox.url, ...sandbox.shards.map(({ url }) => url)]
  for (const url of urls) expect(url).toMatch(/^https:\/\/127\.0\.0\.2:\d+$/)
  expect(sandbox.kubeconfig()).toContain(`server: ${sandbox.url}/clusters/root`)
  expect(await ask(sandbox, sandbox.url)).toMatchObject({ name: 'front proxy' })
})

test('What is intercepted may be answered in the place of the sandbox, or after it', async () => {
  const sandbox = await started({
    intercept: async (request, answer) =>
      request.headers['x-test'] === 'instead' ? { status: 200, body: '{"name":"instead"}' } : await answer(request),
  })
  expect(await ask(sandbox, sandbox.url, { headers: { 'x-test': 'instead' } })).toEqual({ name: 'instead' })
  expect(await ask(sandbox, sandbox.url)).toMatchObject({ name: 'root' })
})

describe('A sandbox of three shards', () => {
  test('is served by a front proxy, and its shards at URLs of which none begins with another', async () => {
    const sandbox = await started({ shards: 3 })
    expect(await ask(sandbox, sandbox.url)).toMatchObject({ name: 'front proxy' })
    const names = await Promise.all(sandbox.shards.map(async ({ url }) => (await ask(sandbox, url)).name))
    expect(names).toEqual(['root', 'shard-1', 'shard-2'])
    const urls = [sandbox.url, ...sandbox.shards.map(({ url }) => url)]
    for (const url of urls) expect(urls.filter((other) => other.startsWith(url))).toEqual([url])
  })

  test('can do without one for a while', async () => {
    const sandbox = await started({ shards: 2 })
    const [, second] = sandbox.shards
    if (second === undefined) throw new Error('no second shard')
    await second.stop()
    await expect(ask(sandbox, second.url)).rejects.toThrow(/ECONNREFUSED/)
    expect(await ask(sandbox, sandbox.url)).toMatchObject({ name: 'front proxy' })
    await second.start()
    expect(await ask(sandbox, second.url)).toMatchObject({ name: 'shard-1' })
  })
})

describe('The kubeconfig', () => {
  test('has the contexts of kcp, with their users and servers', async () => {
    const sandbox = await started({ shards: 2 })
    const config = parse(sandbox.kubeconfig('base'))
    const server = (name: string) => config.clusters.find((each: { name: string }) => each.name === name).cluster.server
    const seen = config.contexts.map(({ name, context }: { name: string; context: Record<string, string> }) => [
      name,
      context['user'],
      server(context['cluster'] ?? ''),
    ])
    const shard = sandbox.shards[0]?.url
    expect(config['current-context']).toBe('base')
    expect(seen).toEqual([
      ['root', 'kcp-admin', `${sandbox.url}/clusters/root`],
      ['base', 'kcp-admin', sandbox.url],
      ['system:admin', 'shard-admin', `${shard}/clusters/system:admin`],
      ['shard-base', 'shard-admin', shard],
    ])
  })

  test.each([
    ['kcp-admin', 'system:kcp:admin'],
    ['shard-admin', 'system:masters'],
  ])('logs %s in with a certificate of group %s', async (name, group) => {
    const sandbox = await started()
    const { user } = parse(sandbox.kubeconfig()).users.find((each: { name: string }) => each.name === name)
    const pem = (field: string) => Buffer.from(user[field], 'base64').toString()
    const login = { cert: pem('client-certificate-data'), key: pem('client-key-data') }
    expect((await ask(sandbox, sandbox.url, login)).credentials).toEqual({
      clientCertificate: { commonName: name, organizations: [group] },
    })
  })
})

describe('A directory', () => {
  test('gets the kubeconfig and the client CA, for the eyes of their owner alone', async () => {
    const dir = await directory()
    await started({ dir })
    expect(await readdir(dir)).toEqual(expect.arrayContaining(['admin.kubeconfig', 'client-ca.crt', 'client-ca.key']))
    for (const file of ['admin.kubeconfig', 'client-ca.key', 'serving-ca.key']) {
      expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
    }
  })

  test('keeps the addresses and the authorities over a restart', async () => {
    const dir = await directory()
    const first = await started({ dir, shards: 2 })
    const before = { url: first.url, shards: first.shards.map(({ url }) => url), ca: first.ca }
    await open.pop()?.close()
    const again = await started({ dir, shards: 2 })
    expect({ url: again.url, shards: again.shards.map(({ url }) => url), ca: again.ca }).toEqual(before)
  })

  test('that is a file is an error, and so is a port that is taken', async () => {
    const file = join(await directory(), 'file')
    await writeFile(file, '')
    await expect(started({ dir: file })).rejects.toMatchObject({ code: 'EEXIST' })
    const { url } = await started()
    await expect(started({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
