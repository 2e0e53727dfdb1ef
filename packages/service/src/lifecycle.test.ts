import { EventEmitter, once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from './flags.ts'
import { type Host, runService, runServices, type ServiceContext, type ServiceDefinition } from './lifecycle.ts'

type Line = Record<string, unknown> & { msg: string; level: string }

/** A process that only records; `exited` resolves with the code. */
function fakeHost(argv: string[] = [], stopDeadline = 5_000) {
  const exit = Promise.withResolvers<number>()
  const events = new EventEmitter()
  const lines: Line[] = []
  const output = { stdout: [] as string[], stderr: [] as string[] }
  const host: Host = {
    argv,
    env: {},
    events,
    stdout: (text) => void output.stdout.push(text),
    stderr: (text) => void output.stderr.push(text),
    exit: exit.resolve,
    logs: { write: (text) => void lines.push(JSON.parse(text)) },
    parent: () => 1,
    stopDeadline,
  }
  const url = (path: string) => `http://127.0.0.1:${lines.find(({ port }) => port)?.['port']}${path}`
  return { host, events, lines, output, exited: exit.promise, url }
}

function service(name: string, start: ServiceDefinition['start']): ServiceDefinition {
  return { name, summary: 'a test.', config: configSchema({}), start }
}

async function get(url: string) {
  const response = await fetch(url)
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

describe('configuration', () => {
  test('help goes to standard output and ends with 0', async () => {
    const { host, output, exited } = fakeHost(['--help'])
    await runService(
      service('demo', () => {}),
      host,
    )
    expect(await exited).toBe(0)
    expect(output.stdout.join('')).toContain('demo: a test.')
  })

  test('mistakes go to standard error, one line each with the name, and end with 2 before anything starts', async () => {
    const { host, output, exited, lines } = fakeHost(['--partitions=0', '--nope'])
    await runService(
      service('demo', () => expect.unreachable()),
      host,
    )
    expect(await exited).toBe(2)
    expect(output.stderr.join('')).toBe(
      'demo: --nope: no such flag; --help lists them\ndemo: --partitions: must be at least 1, got 0\n',
    )
    expect(lines).toEqual([])
  })

  test('each of several services gets its own configuration', async () => {
    const seen: unknown[] = []
    const { host, events, exited } = fakeHost(['--moves=7', '--http-address=0'])
    const mover: ServiceDefinition<z.output<typeof moverSchema>> = {
      ...{ name: 'mover', summary: '', config: moverSchema },
      start: ({ config }) => void seen.push(config.moves),
    }
    const services = [service('plain', ({ config }) => void seen.push('moves' in config)), mover]
    await runServices({ name: 'all', summary: '', services }, host)
    expect(seen).toEqual([false, 7])
    events.emit('SIGTERM')
    expect(await exited).toBe(0)
  })
})

const moverSchema = configSchema({ moves: z.int().default(1) })

describe('http', () => {
  test('readyz fails while a service starts and while a check gives a reason', async () => {
    const { host, events, exited, url } = fakeHost()
    const connected = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<ServiceContext>()
    let behind: string | undefined = 'not caught up'
    const running = runService(
      service('demo', async (context) => {
        context.readyCheck('stream', () => behind)
        begun.resolve(context)
        await connected.promise
      }),
      host,
    )
    await begun.promise
    const failing = { demo: 'starting', 'demo/stream': 'not caught up' }
    expect(await get(url('/readyz'))).toEqual({ status: 503, body: { ready: false, failing } })
    expect(await get(url('/livez'))).toEqual({ status: 200, body: { live: true } })
    connected.resolve()
    await running
    expect((await get(url('/readyz'))).body.failing).toEqual({ 'demo/stream': 'not caught up' })
    behind = undefined
    expect(await get(url('/readyz'))).toEqual({ status: 200, body: { ready: true, failing: {} } })
    events.emit('SIGTERM')
    expect(await exited).toBe(0)
  })

  test('a check that throws counts as failing with its message', async () => {
    const { host, events, url, exited } = fakeHost()
    const check = () => {
      throw new Error('no connection')
    }
    await runService(
      service('demo', ({ readyCheck }) => readyCheck('nats', check)),
      host,
    )
    expect((await get(url('/readyz'))).body.failing).toEqual({ 'demo/nats': 'no connection' })
    events.emit('SIGTERM')
    await exited
  })

  test('while it stops, readyz fails and the server still answers', async () => {
    const { host, events, url, exited } = fakeHost()
    const ask = Promise.withResolvers<void>()
    await runService(
      service('demo', ({ onStop }) => onStop('work', () => ask.promise)),
      host,
    )
    events.emit('SIGTERM')
    expect((await get(url('/readyz'))).body.failing).toEqual({ stopping: 'stopping' })
    ask.resolve()
    expect(await exited).toBe(0)
  })

  test('metrics of the process and of each service are served', async () => {
    const { host, events, url, exited } = fakeHost()
    const counted = { name: 'test_total', help: 'Things.' }
    const services = ['one', 'two'].map((name) => service(name, ({ metrics }) => metrics.counter(counted).add(1)))
    await runServices({ name: 'all', summary: '', services }, host)
    const { body } = await get(url('/metrics'))
    expect(body).toContain('test_total{service="one"} 1\ntest_total{service="two"} 1\n')
    expect(body).toContain('nodejs_eventloop_lag_seconds')
    events.emit('SIGTERM')
    await exited
  })

  test('a route that a service adds answers JSON, an unknown one 404', async () => {
    const { host, events, url, exited } = fakeHost()
    await runService(
      service('demo', ({ route }) => route('/parked', ({ max }) => ({ max }))),
      host,
    )
    expect(await get(url('/parked?max=3'))).toEqual({ status: 200, body: { max: '3' } })
    expect((await get(url('/other'))).status).toBe(404)
    events.emit('SIGTERM')
    await exited
  })

  test('an address in use is one fatal line and exit code 1', async () => {
    const first = fakeHost()
    await runService(
      service('first', () => {}),
      first.host,
    )
    const second = fakeHost([`--http-address=${new URL(first.url('/')).host}`])
    await runService(
      service('second', () => expect.unreachable()),
      second.host,
    )
    expect(await second.exited).toBe(1)
    expect(second.lines[0]).toMatchObject({ level: 'fatal', msg: 'start failed', err: { code: 'EADDRINUSE' } })
    first.events.emit('SIGTERM')
    await first.exited
  })
})

describe('stop', () => {
  test.each(['SIGTERM', 'SIGINT'])(
    '%s stops in reverse order, across services too, and exits with 0',
    async (signal) => {
      const { host, events, lines, exited } = fakeHost()
      const order: string[] = []
      const recorder = (name: string) =>
        service(name, ({ onStop, signal }) => {
          signal.addEventListener('abort', () => order.push(`${name} told`))
          onStop('connection', () => void order.push(`${name} connection`))
          onStop('consumer', async () => void order.push(`${name} consumer`))
        })
      await runServices({ name: 'all', summary: '', services: [recorder('one'), recorder('two')] }, host)
      events.emit(signal)
      expect(await exited).toBe(0)
      expect(order).toEqual([
        ...['one told', 'two told'],
        ...['two consumer', 'two connection', 'one consumer', 'one connection'],
      ])
      expect(lines.map(({ msg }) => msg)).toEqual([
        'listening for health and metrics',
        'started',
        'stopping',
        'stopped',
      ])
    },
  )

  test('a step that throws is logged, the others run, and the exit code is 1', async () => {
    const { host, events, lines, exited } = fakeHost()
    const order: string[] = []
    const demo = service('demo', ({ onStop }) => {
      onStop('last', () => void order.push('last'))
      onStop('first', () => Promise.reject(new Error('stuck')))
    })
    await runService(demo, host)
    events.emit('SIGTERM')
    expect(await exited).toBe(1)
    expect(order).toEqual(['last'])
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'stop step failed', step: 'first', service: 'demo' }))
  })

  test('a step that never ends is named when the deadline passes, and the exit code is 1', async () => {
    const { host, events, lines, exited } = fakeHost([], 10)
    await runService(
      service('demo', ({ onStop }) => onStop('consumer', () => new Promise(() => {}))),
      host,
    )
    events.emit('SIGTERM')
    expect(await exited).toBe(1)
    expect(lines.at(-1)).toMatchObject({ msg: 'stop took too long', step: 'demo/consumer' })
  })

  test('a second signal exits with 1 at once', async () => {
    const { host, events, exited } = fakeHost()
    await runService(
      service('demo', ({ onStop }) => onStop('consumer', () => new Promise(() => {}))),
      host,
    )
    events.emit('SIGINT')
    events.emit('SIGINT')
    expect(await exited).toBe(1)
  })

  test('a signal during the start stops what has begun, and what begins later too', async () => {
    const { host, events, exited } = fakeHost()
    const order: string[] = []
    const late = Promise.withResolvers<void>()
    const demo = service('demo', async ({ onStop, signal }) => {
      onStop('early', () => void order.push('early'))
      events.emit('SIGTERM')
      if (!signal.aborted) await once(signal, 'abort')
      await late.promise
      onStop('late', () => void order.push('late'))
    })
    const running = runService(demo, host)
    expect(await exited).toBe(0)
    late.resolve()
    await running
    expect(order).toEqual(['early', 'late'])
  })
})

describe('failures', () => {
  test('a start that fails is one fatal line, stops what has begun, and exits with 1', async () => {
    const { host, lines, exited } = fakeHost()
    const order: string[] = []
    const services = [
      service('one', ({ onStop }) => onStop('connection', () => void order.push('connection'))),
      service('two', () => Promise.reject(new Error('no server'))),
    ]
    await runServices({ name: 'all', summary: '', services }, host)
    expect(await exited).toBe(1)
    expect(order).toEqual(['connection'])
    expect(lines.filter(({ level }) => level === 'fatal')).toMatchObject([{ err: { message: 'no server' } }])
  })

  test.each(['uncaughtException', 'unhandledRejection'])('%s is one fatal line and exit code 1', async (event) => {
    const { host, events, lines, exited } = fakeHost(['--http-address=0'])
    await runService(
      service('demo', () => {}),
      host,
    )
    events.emit(event, new Error('bug'))
    events.emit(event, new Error('another, while the process ends'))
    expect(await exited).toBe(1)
    expect(lines.filter(({ level }) => level === 'fatal')).toMatchObject([{ msg: 'unhandled error' }])
  })

  test('a service that fails after its start ends the process with 1', async () => {
    const { host, lines, exited } = fakeHost(['--http-address=0'])
    await runService(
      service('demo', ({ fail }) => fail(new Error('login revoked'))),
      host,
    )
    expect(await exited).toBe(1)
    expect(lines).toContainEqual(expect.objectContaining({ level: 'fatal', msg: 'service failed' }))
  })
})

test('a service ends when the command that started it is gone', async () => {
  const { host, exited } = fakeHost()
  let parent = 7
  await runService(
    service('demo', () => {}),
    { ...host, env: { BROKER_PARENT: '7' }, parent: () => parent },
  )
  parent = 1
  expect(await exited).toBe(0)
})
