import { createServer, type Socket } from 'node:net'
import { freePort } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { Bus } from './bus.ts'
import { isUnreachable } from './errors.ts'

/** Why the bus does not open there. */
async function refusal(url: string): Promise<unknown> {
  const connection = { servers: [url], name: 'test' }
  const opened = Bus.open({ prefix: 'broker', partitions: 1, connection })
  return await opened.then(
    () => 'opened',
    (error: unknown) => error,
  )
}

/** A server that does so with whoever connects. */
async function serving(meet: (socket: Socket) => void, use: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort()
  const server = createServer(meet)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await use(`nats://127.0.0.1:${port}`)
  server.close()
}

test('a server whose name has no address yet is away, as one is that nobody listens for', async () => {
  expect(await refusal('nats://nats.invalid:4222')).toSatisfy(isUnreachable)
  expect(await refusal(`nats://127.0.0.1:${await freePort()}`)).toSatisfy(isUnreachable)
})

test('a server that ends each connection at once is away', async () => {
  await serving(
    (socket) => socket.destroy(),
    async (url) => expect(await refusal(url)).toSatisfy(isUnreachable),
  )
  await serving(
    (socket) => socket.resetAndDestroy(),
    async (url) => expect(await refusal(url)).toSatisfy(isUnreachable),
  )
})

test('a server that speaks something else is not away', async () => {
  const speak = (socket: Socket) => void socket.write('220 mail\r\n')
  await serving(speak, async (url) => expect(await refusal(url)).not.toSatisfy(isUnreachable))
})
