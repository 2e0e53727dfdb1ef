import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type Landscape, ROOT, type Site, startWorkspaces } from '../support/landscape.ts'
import { OtlpReceiver, type Span, spansIn } from '../support/otlp-receiver.ts'
import { operate, THING_KIND } from '../support/provider-controller.ts'
import { create, offer, served, thing } from '../support/things.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')

let landscape: Landscape
let receiver: OtlpReceiver
let dir: string
let broker: ManagedProcess
let stopOperator: (() => void) | undefined
let [acme, alpha] = [] as unknown as [Site, Site]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  const crds = { consumerCrds: [THING_CRD], providerCrds: [THING_CRD] }
  landscape = await startWorkspaces({ dir, consumers: ['acme'], providers: ['alpha'], kinds: [THING_KIND], ...crds })
  ;[acme, alpha] = [landscape.consumers['acme'], landscape.providers['alpha']] as [Site, Site]
  receiver = await OtlpReceiver.start()
  await offer(alpha, 'all')
})

afterAll(async () => {
  stopOperator?.()
  await broker?.stop()
  await receiver?.close()
  await landscape?.stop()
  await rm(dir, { recursive: true, force: true })
})

const startBroker = (id: string) => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  return startService({ ...landscape, env }, 'broker', id)
}

const stepsOf = (name: string, step: string): Span[] =>
  spansIn(receiver.file).filter(({ name: is, attributes }) => is === step && attributes['broker.name'] === name)

test('a trace goes on in the process that takes over from the one in which it began', async () => {
  broker = await startBroker('before')
  await create(acme, thing('first', { size: 'small' }))
  await waitFor('the offer is known', () => stepsOf('first', 'sync').length > 0)
  await create(acme, thing('slow', { size: 'small' }))
  await waitFor('the copy is made', () => stepsOf('slow', 'sync').length > 0)
  await broker.stop()
  broker = await startBroker('after')
  stopOperator = await operate(alpha)
  await served(acme, 'slow', alpha)
  await waitFor('both have told', () => new Set(stepsOf('slow', 'sync').map(({ instance }) => instance)).size === 2)
  const [[watch], [place], syncs] = ['watch', 'place', 'sync'].map((step) => stepsOf('slow', step)) as [
    Span[],
    Span[],
    Span[],
  ]
  expect(place?.parentSpanId).toBe(watch?.spanId)
  for (const { traceId, parentSpanId } of syncs)
    expect({ traceId, parentSpanId }).toEqual({ traceId: watch?.traceId, parentSpanId: place?.spanId })
})
