import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'

const program = new URL('../test/program.ts', import.meta.url).pathname

/** Runs test/program.ts as a process of its own; `line` resolves with the first log line that has the message. */
function run(...argv: string[]) {
  return start([program, ...argv])
}

function start(argv: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  const lines: Record<string, unknown>[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text)))
  const line = async (msg: string) => {
    for (;;) {
      const found = lines.find((candidate) => candidate['msg'] === msg)
      if (found) return found
      await once(reader, 'line')
    }
  }
  const exited = once(child, 'close').then(([code]) => code)
  return { child, lines, line, exited }
}

test('a real process stops on SIGTERM with exit code 0, and its last line is not lost', async () => {
  const { child, lines, line, exited } = run()
  await line('started')
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(lines.at(-1)).toMatchObject({ msg: 'stopped' })
})

test('a promise that nobody handles is one fatal line and exit code 1', async () => {
  const { lines, exited } = run('--break')
  expect(await exited).toBe(1)
  expect(lines.filter(({ level }) => level === 'fatal')).toMatchObject([
    { msg: 'unhandled error', err: { message: 'nobody handles this' } },
  ])
})

test('of OpenTelemetry no more than its API is loaded, but where somebody takes traces', async () => {
  const argv = ['--import', new URL('../test/without-opentelemetry.ts', import.meta.url).pathname, program]
  const untraced = start(argv)
  await untraced.line('started')
  untraced.child.kill('SIGTERM')
  expect(await untraced.exited).toBe(0)
  const traced = start(argv, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
  expect(await traced.line('start failed')).toMatchObject({
    err: { message: expect.stringContaining('is not to be loaded') },
  })
})
