import { expect, test } from 'vitest'
import type { Logger } from '../logger.ts'
import { MetricsRegistry } from '../metrics.ts'
import { tellRequests } from './tell-requests.ts'

test('that requests have no answer, or that a server asks for patience, is told once until it answers again', async () => {
  const lines: unknown[] = []
  const metrics = new MetricsRegistry()
  const logger = { warn: (fields: object, message: string) => void lines.push([message, fields]) } as unknown as Logger
  const tell = tellRequests({ logger, metrics: metrics.forService('broker') }, 'provider alpha')
  const answered = (status: number, seconds = 1) => tell({ type: 'request', method: 'GET', status, seconds })
  const late = (name: string) =>
    tell({ type: 'unanswered', method: 'PATCH', path: `/api/v1/secrets/${name}`, seconds: 3 })
  for (const name of ['a', 'b']) late(name)
  answered(0) // it was broken off
  answered(200, 4)
  late('c')
  answered(404)
  late('d')
  for (const again of [false, false, true]) {
    if (again) answered(200)
    answered(429)
    tell({ type: 'throttled', seconds: 1 })
  }
  const patience = ['the server asks for patience', { server: 'provider alpha', seconds: 1 }]
  const unanswered = (name: string) => {
    return ['a request has no answer yet', { server: 'provider alpha', request: `PATCH /api/v1/secrets/${name}` }]
  }
  expect(lines).toEqual([unanswered('a'), unanswered('d'), patience, patience])
  const { body } = await metrics.expose()
  expect(body).toContain('broker_requests_throttled_total{service="broker"} 3')
  expect(body).toContain('broker_requests_unanswered_total{service="broker"} 4')
})
