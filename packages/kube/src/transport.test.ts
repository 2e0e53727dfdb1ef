import { expect, test } from 'vitest'
import { fixed } from './clusters/credentials.ts'
import { ConnectionError } from './errors.ts'
import { Transport } from './transport.ts'

test.each([
  { what: 'certificate', given: { cert: 'no PEM', key: 'no PEM' } },
  { what: 'key', given: { key: 'no PEM' } },
])('a $what that cannot be read is said at each request, and as what may be renewed', async ({ given }) => {
  const transport = new Transport({
    ...{ server: 'https://127.0.0.1:1', ca: undefined, servername: undefined, insecure: false },
    credentials: fixed({ headers: {}, ...given }),
  })
  for (const path of ['/version', '/readyz']) {
    const sent = transport.send({ method: 'GET', path, headers: {}, timeoutMs: 1_000 })
    await expect(sent).rejects.toThrow(ConnectionError)
    await expect(sent).rejects.toThrow(/^GET https:\/\/127\.0\.0\.1:1\/\w+: .*(PEM|DECODER)/)
  }
})
