import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer } from '../test-support.ts'

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const OLD_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

describe('A document', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await TestServer.start({ controllers: false })
  })
  afterAll(() => server.stop())

  test.each([
    ['/openapi/v2', PROTOBUF, PROTOBUF],
    // Its `@` is no valid media type: clients that parse what they are answered would refuse it.
    ['/openapi/v2', OLD_PROTOBUF, PROTOBUF],
    ['/openapi/v2', 'application/json', 'application/json'],
    ['/apis', `${AGGREGATED},application/json`, AGGREGATED],
  ])('%s for %s is of the type %s', async (url, accept, type) => {
    const answer = await server.send('GET', url, { headers: { accept } })
    expect(answer).toMatchObject({ status: 200, contentType: type, headers: { vary: 'Accept' } })
  })

  test('that the client has is not sent again', async () => {
    const headers = { accept: AGGREGATED }
    const { headers: first } = await server.send('GET', '/apis', { headers })
    const again = await server.send('GET', '/apis', { headers: { ...headers, 'if-none-match': first['etag'] ?? '' } })
    expect(again).toMatchObject({ status: 304, text: '', headers: { etag: first['etag'] } })
  })
})
