import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logger(logFormat: 'json' | 'pretty', logLevel: 'info' | 'debug' = 'info') {
  const lines: string[] = []
  return { lines, log: createLogger({ logFormat, logLevel }, { write: (line) => void lines.push(line) }) }
}

test('a line is JSON with time, level, message and fields', () => {
  const { lines, log } = logger('json')
  log.child({ service: 'demo' }).info({ key: 'a' }, 'placed')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    level: 'info',
    service: 'demo',
    key: 'a',
    msg: 'placed',
  })
})

test('the level decides what is logged', () => {
  const { lines, log } = logger('json')
  log.debug('step')
  log.info('transition')
  expect(lines).toHaveLength(1)
})

test('secrets are redacted at the top and two levels below', () => {
  const { lines, log } = logger('json')
  log.info({ token: 'hunter2', secret: { data: 'hunter2' }, request: { options: { password: 'hunter2' } } }, 'seen')
  expect(lines[0]).not.toContain('hunter2')
  expect(lines[0]).toContain('[redacted]')
})

test('of an error only name, code, message, stack and causes are logged', () => {
  const { lines, log } = logger('json')
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', headers: { authorization: 'hunter2' } })
  log.error({ err: new TypeError('no answer', { cause }) }, 'failed')
  expect(lines[0]).not.toContain('hunter2')
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
    type: 'TypeError',
    message: 'no answer',
    cause: { code: 'ECONNREFUSED', message: 'refused' },
  })
})

test('an error with a code is told without its stack, in both formats', () => {
  const err = Object.assign(new Error('the server said no'), { code: 'Kube' })
  const json = logger('json')
  json.log.warn({ err }, 'tried')
  expect(JSON.parse(json.lines[0] ?? '').err).toEqual({ type: 'Error', code: 'Kube', message: 'the server said no' })
  const forPeople = logger('pretty')
  forPeople.log.warn({ err }, 'tried')
  expect(forPeople.lines[0]).toMatch(/ tried Error: the server said no\n$/)
})

test('pretty lines are for people', () => {
  const { lines, log } = logger('pretty')
  log.child({ service: 'demo' }).warn({ key: 'a', name: 'two words' }, 'placed')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}demo: placed key=a name="two words"\n$/)
})
