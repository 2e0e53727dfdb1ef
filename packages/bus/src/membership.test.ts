import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scratchDirectory } from '../test/scratch.ts'
import { Membership, type MembershipOptions } from './membership.ts'

const dir = scratchDirectory()
const members: Membership[] = []
let nats: Nats
let raw: NatsConnection

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats') })
  raw = await connect({ servers: [nats.url] })
})

afterEach(() => {
  for (const member of members.splice(0)) member.stop()
})

afterAll(async () => {
  await raw.close()
  await nats.stop()
})

function join_(subject: string, id: string, options: Partial<MembershipOptions> = {}): Membership {
  const member = new Membership(raw, { subject, id, changed: () => undefined, heartbeatMs: 50, ...options })
  members.push(member)
  return member
}

const items = Array.from({ length: 300 }, (_, n) => `cluster-${n}`)
const agree = (all: Membership[], ids: string[]) => all.every(({ members: seen }) => seen.join() === ids.join())

test.each([1, 2, 3, 4, 5, 300])('three replicas share %i items: each has one owner and nobody idles', async (count) => {
  const all = ['a', 'b', 'c'].map((id) => join_(`three-${count}`, id))
  await waitFor('they know each other', () => agree(all, ['a', 'b', 'c']))
  const some = items.slice(0, count)
  const shares = all.map((member) => member.shareOf(some))
  for (const item of some) expect(shares.filter((share) => share.has(item))).toHaveLength(1)
  const sizes = shares.map((share) => share.size)
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
})

test('a replica that says goodbye is known gone at once, and most of what the others own stays with them', async () => {
  const heartbeatMs = 30_000 // nothing but the goodbye can tell
  const [a, b, c] = ['a', 'b', 'c'].map((id) => join_('goodbye', id, { heartbeatMs })) as [
    Membership,
    Membership,
    Membership,
  ]
  await waitFor('they know each other', () => agree([a, b, c], ['a', 'b', 'c']))
  const before = [...a.shareOf(items)]
  c.stop()
  await waitFor('they know', () => agree([a, b], ['a', 'b']))
  const [ofA, ofB] = [a.shareOf(items), b.shareOf(items)]
  for (const item of items) expect(ofA.has(item)).toBe(!ofB.has(item))
  expect(before.filter((item) => ofA.has(item)).length).toBeGreaterThan(before.length / 2)
})

test('a replica that falls silent is counted out after four heartbeats, and said so', async () => {
  let time = 0
  let changes = 0
  const watching = join_('silent', 'a', { now: () => time, changed: () => changes++ })
  raw.publish('silent', '+b')
  await waitFor('b is known', () => watching.members.length === 2)
  expect(changes).toBe(1)
  raw.subscribe('silent', {
    callback: (_error, message) => {
      if (message.string() === '+a') time += 50
    },
  })
  await waitFor('b is gone', () => watching.members.length === 1)
  expect(changes).toBe(2)
  expect(time).toBeGreaterThanOrEqual(200)
})

test('a replica that stood still itself does not take the others for gone', async () => {
  let time = 0
  const counts: number[] = []
  const standing = join_('standing', 'a', {
    heartbeatMs: 1_000,
    now: () => time,
    changed: () => counts.push(standing.members.length),
  })
  raw.publish('standing', '+b')
  await waitFor('b is known', () => standing.members.length === 2)
  time += 60_000
  let heard = false
  raw.subscribe('standing', {
    callback: () => {
      heard = true
    },
  })
  await raw.flush()
  await waitFor('its own next heartbeat', () => heard, { intervalMs: 5 })
  expect(standing.members).toEqual(['a', 'b'])
  expect(counts).toEqual([2])
})

test('a replica alone owns everything', () => {
  const alone = join_('alone', 'a')
  expect([...alone.shareOf(items)].sort()).toEqual([...items].sort())
})
