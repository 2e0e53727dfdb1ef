import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManagedProcess, type Nats, startNats } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type Landscape, ROOT, type Site, startWorkspaces } from '../support/landscape.ts'
import { operate, THING_KIND } from '../support/provider-controller.ts'
import {
  conditionOf,
  copyRef,
  create,
  gone,
  offer,
  patchSpec,
  read,
  release,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')
const LIMIT = 64 * 1024
const LARGE = 'x'.repeat(LIMIT)

let landscape: Landscape
let dir: string
let nats: Nats
let broker: ManagedProcess
let stopOperator: () => void
let [acme, alpha] = [] as unknown as [Site, Site]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  const crds = { consumerCrds: [THING_CRD], providerCrds: [THING_CRD] }
  landscape = await startWorkspaces({ dir, consumers: ['acme'], providers: ['alpha'], kinds: [THING_KIND], ...crds })
  nats = await startNats({ dir: join(dir, 'narrow'), config: `max_payload: ${LIMIT}` })
  ;[acme, alpha] = [landscape.consumers['acme'], landscape.providers['alpha']] as [Site, Site]
  stopOperator = await operate(alpha)
  await offer(alpha, 'all')
  const flags = landscape.flags.map((flag) => (flag === landscape.nats.url ? nats.url : flag))
  broker = await startService({ dir, flags }, 'broker')
})

afterAll(async () => {
  stopOperator?.()
  await broker?.stop()
  await nats?.stop()
  await landscape?.stop()
  if (process.env['KEEP_LOGS'] === undefined) await rm(dir, { recursive: true, force: true })
})

const SIZES = /it has \d{5,} bytes, and a message of the broker has 65536 at most/

test('an object that no message can carry is not placed, says so with its size and the limit, and can be deleted', async () => {
  await create(acme, thing('huge', { value: LARGE }))
  const { message } = await told(acme, 'huge', 'Placed', 'False', 'TooLarge')
  expect(message).toMatch(SIZES)
  await patchSpec(acme, thingRef('huge'), { value: 'small enough' })
  await served(acme, 'huge', alpha)
  await release(acme, 'huge')
})

test('a placed object that grows too large keeps what it has, says so, goes on when it shrinks, and its deletion is seen', async () => {
  await create(acme, thing('grows', { value: 1 }))
  await served(acme, 'grows', alpha)
  await patchSpec(acme, thingRef('grows'), { value: LARGE })
  const { message } = await told(acme, 'grows', 'Synced', 'False', 'TooLarge')
  expect(message).toMatch(/^generation 2 is not copied: /)
  expect(message).toMatch(SIZES)
  const object = await read(acme, thingRef('grows'))
  expect(object?.status?.['status']).toBe('Available')
  expect(conditionOf(object, 'Placed')?.status).toBe('True')
  expect((await read(alpha, copyRef(acme, 'grows')))?.spec).toEqual({ value: 1 })
  await patchSpec(acme, thingRef('grows'), { value: 2 })
  await served(acme, 'grows', alpha)
  await patchSpec(acme, thingRef('grows'), { value: LARGE })
  await told(acme, 'grows', 'Synced', 'False', 'TooLarge')
  await release(acme, 'grows')
  await gone(alpha, copyRef(acme, 'grows'))
})

test('a status that no message can carry is told of, and what the provider said before stays', async () => {
  await create(acme, thing('talks', { value: 1 }))
  await served(acme, 'talks', alpha)
  await alpha.kube.mergePatch(copyRef(acme, 'talks'), { status: { note: LARGE } }, { subresource: 'status' })
  const { message } = await told(acme, 'talks', 'Synced', 'False', 'TooLarge')
  expect(message).toMatch(/^what alpha says of its copy is not brought: /)
  expect((await read(acme, thingRef('talks')))?.status?.['status']).toBe('Available')
  await release(acme, 'talks')
  await gone(alpha, copyRef(acme, 'talks'))
})
