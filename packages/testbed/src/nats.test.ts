import { execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Nats, startNats } from './nats.ts'
import { scratchDirectory } from './scratch.ts'
import { waitFor } from './wait.ts'

const dir = scratchDirectory()
let nats: Nats

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats'), report: console.log })
})

afterAll(async () => {
  await nats.stop()
})

/** One request to a JetStream API subject in NATS' text protocol; a client library is not worth a dependency here. */
async function jetStream(subject: string, body = ''): Promise<Record<string, unknown>> {
  const socket: Socket = connect(nats.port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  socket.write('CONNECT {"verbose":false}\r\nSUB answer 1\r\n')
  socket.write(`PUB $JS.API.${subject} answer ${Buffer.byteLength(body)}\r\n${body}\r\n`)
  const answer = await waitFor(`an answer of ${subject}`, () => received.match(/MSG answer .*\r\n(\{.*\})\r\n/)?.[1])
  socket.destroy()
  return JSON.parse(answer) as Record<string, unknown>
}

test('a stream outlives a restart and a crash, on the same port', async () => {
  await jetStream('STREAM.CREATE.KEPT', JSON.stringify({ name: 'KEPT', subjects: ['kept.>'], storage: 'file' }))
  await nats.restart()
  expect(await jetStream('STREAM.NAMES')).toMatchObject({ streams: ['KEPT'] })
  await nats.process.kill('SIGKILL')
  await nats.process.start()
  expect(await jetStream('STREAM.NAMES')).toMatchObject({ streams: ['KEPT'] })
  expect(nats.url).toBe(`nats://127.0.0.1:${nats.port}`)
})

test('a paused server leaves connections open and answers after it is resumed', async () => {
  nats.process.pause()
  await waitFor('the kernel has stopped it', () => stateOf(nats.process.pid).startsWith('T'))
  let answered = false
  const answer = jetStream('INFO').finally(() => {
    answered = true
  })
  await new Promise((open) => connect(nats.port, '127.0.0.1', () => open(undefined)))
  expect(answered).toBe(false)
  nats.process.resume()
  expect(await answer).toMatchObject({ type: expect.stringContaining('account_info') })
})

function stateOf(pid: number | undefined): string {
  return execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`]).toString()
}

test('what the configuration adds is in force', async () => {
  await expect(startNats({ dir: join(dir, 'refused'), config: 'no_such_setting: 1' })).rejects.toThrow(
    /no_such_setting/,
  )
})
