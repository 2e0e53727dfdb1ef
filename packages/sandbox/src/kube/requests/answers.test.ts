import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { TestServer } from './test-support.ts'
import { readAnswer } from './vectors/masking.ts'

/** Without a status, a step is only there for the ones that follow. */
type Step = {
  send: string
  body?: unknown
  headers?: Record<string, string>
  status?: number
  warning?: string
  answer?: unknown
}

const steps = JSON.parse(readFileSync(new URL('vectors/answers.json', import.meta.url), 'utf8')) as Step[]
let server: TestServer

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
  server = await TestServer.start({ controllers: false })
})

afterAll(() => {
  server.stop()
  vi.useRealTimers()
})

// One after the other: each step finds what the ones before it left.
describe('answers as kube-apiserver 1.34 does', () => {
  test.each(steps.map((step, index) => ({ ...step, index })))('$index: $send', async (step) => {
    const { send, body, headers = {}, status, warning, answer } = step
    const [method = '', url = ''] = send.split(' ')
    const given = { ...(body !== undefined && { body }), headers }
    const answered = await server.send(method, url, given)
    const text = answered.text === '' && status === 200 ? await watched(url, given) : answered.text
    await server.settled()
    if (status === undefined) return
    expect({ status: answered.status, warning: answered.headers['warning'], answer: readAnswer(text) }).toEqual({
      status,
      warning,
      answer,
    })
  })
})

async function watched(url: string, send: { body?: unknown; headers: Record<string, string> }): Promise<string> {
  const watch = await server.watch(url, send)
  vi.advanceTimersByTime(1000)
  await watch.end()
  return watch.events.map((event) => JSON.stringify(event)).join('\n')
}
