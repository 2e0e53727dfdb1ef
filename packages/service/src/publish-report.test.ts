import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { publishReport } from './publish-report.ts'

test('publications that are not stored are counted each, and told once with the server’s words until it stores again', () => {
  const lines: { level: string; msg: string; failures?: number; err?: { message: string } }[] = []
  const logger = createLogger(
    { logLevel: 'info', logFormat: 'json' },
    { write: (line) => void lines.push(JSON.parse(line)) },
  )
  const counted: [string, number][] = []
  const metrics = { counter: ({ name }: { name: string }) => ({ add: (by: number) => counted.push([name, by]) }) }
  const report = publishReport({ logger, metrics: metrics as never })
  const error = new Error('maximum bytes exceeded')
  report({ type: 'failed', error, isFirst: true })
  report({ type: 'failed', error, isFirst: false })
  report({ type: 'recovered', failures: 2 })
  expect(counted).toEqual([
    ['broker_publish_failures_total', 1],
    ['broker_publish_failures_total', 1],
  ])
  expect(lines).toMatchObject([
    { level: 'error', err: { message: 'maximum bytes exceeded' } },
    { level: 'info', failures: 2 },
  ])
})
