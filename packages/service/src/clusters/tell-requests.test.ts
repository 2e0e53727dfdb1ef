import { expect, test } from 'vitest'
import type { Logger } from '../logger.ts'
import { MetricsRegistry } from '../metrics.ts'
import { tellRequests } from './tell-requests.ts'

test('a request without an answer is told of each time, a server that asks for patience once until it answers', async () => {
  const lines: unknown[] = []
  const metrics = new MetricsRegistry()
  const logger = { warn: (fields: object, message: string) => void lines.push([message, fields]) } as unknown as Logger
  const tell = tellRequests({ logger, metrics: metrics.forService('broker') }, 'provider alpha')
  const answered = (status: number) => tell({ type: 'request', method: 'GET', status, seconds: 1 })
  tell({ type: 'unanswered', method: 'PATCH', path: '/api/v1/secrets/a', seconds: 3 })
  for (const again of [false, false, true]) {
    if (again) answered(200)
    answered(429)
    tell({ type: 'throttled', seconds: 1 })
  }
  const patience = ['the server asks for patience', { server: 'provider alpha', seconds: 1 }]
  const unanswered = { server: 'provider alpha', request: 'PATCH /api/v1/secrets/a' }
  expect(lines).toEqual([['a request has no answer yet', unanswered], patience, patience])
  const { body } = await metrics.expose()
  expect(body).toContain('broker_requests_throttled_total{service="broker"} 3')
  expect(body).toContain('broker_requests_unanswered_total{service="broker"} 1')
})
