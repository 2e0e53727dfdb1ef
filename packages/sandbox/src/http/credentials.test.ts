import { Agent } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedAuthorities } from './authorities.ts'
import { CertificateAuthority, type KeyPair } from './certificate-authority.ts'
import { call, type Served, serve, text } from './test-support.ts'

let server: Served
let trusted: KeyPair
let foreign: KeyPair

beforeAll(async () => {
  server = await serve(async ({ credentials }) => text(JSON.stringify(credentials)))
  const { client } = await sharedAuthorities()
  trusted = await client.issueClient('kcp-admin', ['system:kcp:admin', 'other'])
  foreign = await (await CertificateAuthority.create('somebody else')).issueClient('kcp-admin', ['system:masters'])
})

afterAll(() => server.close(0))

const login = ({ certificate, key }: KeyPair) => ({ cert: certificate, key })
const bearer = (token: string) => ({ headers: { authorization: token } })
const shown = async (...given: Parameters<typeof call>) => JSON.parse((await call(...given)).body.toString())

describe('A client shows', () => {
  test.each([
    ['Bearer abc', { bearerToken: 'abc' }],
    ['bearer abc', { bearerToken: 'abc' }],
    ['Bearer ', {}],
    ['Basic abc', {}],
  ])('by "%s" %j', async (header, credentials) => {
    expect(await shown(server, '/', bearer(header))).toEqual(credentials)
  })

  test('nothing', async () => {
    expect(await shown(server, '/')).toEqual({})
  })

  test('a certificate of the client CA, its groups in their order', async () => {
    expect(await shown(server, '/', login(trusted))).toEqual({
      clientCertificate: { commonName: 'kcp-admin', organizations: ['system:kcp:admin', 'other'] },
    })
  })

  test('the same certificate when it resumes a session', async () => {
    const agent = new Agent({ ca: server.ca, ...login(trusted), maxCachedSessions: 10 })
    const first = await shown(server, '/', { agent })
    const second = await shown(server, '/', { agent })
    expect(second).toEqual(first)
    expect(second).toHaveProperty('clientCertificate')
  })
})

describe('A certificate that the client CA did not sign', () => {
  test('is refused, even though no certificate at all is not', async () => {
    const { status, body } = await call(server, '/', login(foreign))
    expect([status, JSON.parse(body.toString()).reason]).toEqual([401, 'Unauthorized'])
  })

  test('does not count beside a token', async () => {
    expect(await shown(server, '/', { ...login(foreign), ...bearer('Bearer abc') })).toEqual({ bearerToken: 'abc' })
  })
})
