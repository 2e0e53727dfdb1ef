import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { scratchDirectory } from '../../test/scratch.ts'
import { parseKubeconfig, readKubeconfig } from './kubeconfig.ts'

const dir = scratchDirectory()

const config = (user: object, cluster: object = {}, more: object = {}) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://kcp.example:6443/clusters/root:org', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  })
const credentials = async (user: object) => await (await parseKubeconfig(config(user), dir)).credentials.current()
const base64 = (text: string) => Buffer.from(text).toString('base64')
const plugin = (script: string) => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] },
})
const prints = (status: object) =>
  `console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: ${JSON.stringify(status)} }))`

test('server, authority and name come from the current context', async () => {
  const cluster = {
    'certificate-authority-data': base64('CA'),
    'tls-server-name': 'kcp',
    'insecure-skip-tls-verify': true,
  }
  const endpoint = await parseKubeconfig(config({ token: 't' }, cluster), dir)
  expect(endpoint).toMatchObject({
    server: 'https://kcp.example:6443/clusters/root:org',
    ca: Buffer.from('CA'),
    servername: 'kcp',
    insecure: true,
  })
})

test.each([
  ['a token', { token: 't' }, { authorization: 'Bearer t' }],
  ['a password', { username: 'a', password: 'b' }, { authorization: `Basic ${base64('a:b')}` }],
  [
    'an impersonation',
    { token: 't', as: 'ann', 'as-groups': ['g', 'h'] },
    { authorization: 'Bearer t', 'impersonate-user': 'ann', 'impersonate-group': ['g', 'h'] },
  ],
  ['a plugin', plugin(prints({ token: 'p' })), { authorization: 'Bearer p' }],
])('%s becomes headers', async (_name, user, headers) => {
  expect((await credentials(user)).headers).toEqual(headers)
})

test('certificates come as data, and from a plugin', async () => {
  const own = { 'client-certificate-data': base64('C'), 'client-key-data': base64('K') }
  expect(await credentials(own)).toMatchObject({ cert: Buffer.from('C'), key: Buffer.from('K') })
  const printed = plugin(prints({ clientCertificateData: 'PC', clientKeyData: 'PK' }))
  expect(await credentials(printed)).toMatchObject({ cert: 'PC', key: 'PK' })
})

test('a token file is read again when the server refuses what it held', async () => {
  await writeFile(join(dir, 'token'), 'first\n')
  const { credentials: source } = await parseKubeconfig(config({ tokenFile: 'token' }), dir)
  expect((await source.current()).headers).toEqual({ authorization: 'Bearer first' })
  await writeFile(join(dir, 'token'), 'second\n')
  expect((await source.current()).headers).toEqual({ authorization: 'Bearer first' })
  expect(source.renew()).toBe(true)
  expect((await source.current()).headers).toEqual({ authorization: 'Bearer second' })
})

test('a plugin runs once for calls that come together, and again when what it gave expired', async () => {
  const script = (expires: string) =>
    `require('fs').appendFileSync(${JSON.stringify(join(dir, 'runs'))}, 'x');console.log(JSON.stringify({status:{token:require('fs').readFileSync(${JSON.stringify(join(dir, 'runs'))},'utf8'),expirationTimestamp:'${expires}'}}))`
  const { credentials: source } = await parseKubeconfig(config(plugin(script('2020-01-01T00:00:00Z'))), dir)
  const together = await Promise.all([source.current(), source.current(), source.current()])
  expect(together.map(({ headers }) => headers['authorization'])).toEqual(['Bearer x', 'Bearer x', 'Bearer x'])
  expect((await source.current()).headers).toEqual({ authorization: 'Bearer xx' })
})

test.each([
  ['an answer that is no JSON', 'console.log("secret-token")', /^the exec plugin .* did not answer JSON$/],
  ['a failure', 'console.error("log in first");process.exit(1)', /^the exec plugin .* failed: log in first$/],
])('%s of a plugin is told without what it printed', async (_name, script, message) => {
  const error = await credentials(plugin(script)).then(undefined, (thrown: Error) => thrown)
  expect((error as Error).message).toMatch(message)
  expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).not.toContain('secret-token')
})

test.each([
  ['an empty file', '', /it is empty/],
  ['text', 'hello', /it is empty/],
  ['YAML that breaks off', 'users:\n- name: u\n  user: { token: secret-token', /it is no YAML: [A-Z_]+ at line 3$/],
  ['a context that is not there', config({}, {}, { 'current-context': 'y' }), /there is no context "y"/],
  ['a cluster that is not there', config({}, {}, { clusters: [] }), /there is no cluster "c"/],
  ['a user that is not there', config({}, {}, { users: [] }), /there is no user "u"/],
  ['a server that is no URL', config({}, { server: 'kcp:6443' }), /its server "kcp:6443" is no URL/],
  ['a proxy', config({}, { 'proxy-url': 'http://p' }), /proxy-url is not supported/],
  ['a legacy provider', config({ 'auth-provider': { name: 'gcp', config: {} } }), /auth-provider gcp is not supported/],
  [
    'a certificate file that is missing',
    config({ 'client-certificate': 'no.crt', 'client-key': 'no.key' }),
    /ENOENT.*no\.(crt|key)/,
  ],
])('%s is refused with the reason and without secrets', async (_name, text, message) => {
  const file = join(dir, 'bad.kubeconfig')
  await writeFile(file, text)
  const error = (await readKubeconfig(file).then(undefined, (thrown) => thrown)) as Error
  expect(error.message).toMatch(message)
  expect(error.message.startsWith(`kubeconfig ${file}: `)).toBe(true)
  expect(`${error.stack}${(error.cause as Error).stack}`).not.toContain('secret-token')
})
