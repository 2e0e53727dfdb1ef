import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { takeOrders } from './take-orders.ts'

test('shards are stopped and started in the order of the lines, and each answer says what came of it', async () => {
  const input = new PassThrough()
  const said: string[] = []
  const told = Promise.withResolvers<void>()
  const shard = (name: string) => ({
    name,
    stop: async () => void said.push(`(stops ${name})`),
    start: () => (name === 'root' ? Promise.reject(new Error('the port is taken')) : Promise.resolve()),
  })
  const lines = [
    'stop root',
    '',
    'stop root',
    'start root',
    'stop shard-1',
    ' start  shard-1 ',
    'stop',
    'stop all',
    'end root',
  ]
  const orders = takeOrders([shard('root'), shard('shard-1')], input, (text) => {
    said.push(text.trim())
    if (said.length === 10) told.resolve()
  })
  input.write(`${lines.join('\n')}\n`)
  await told.promise
  const usage = '"stop NAME" or "start NAME", please; the shards are root, shard-1'
  expect(said).toEqual([
    ...['(stops root)', 'root is away', 'root is away already', 'start root: the port is taken'],
    ...['(stops shard-1)', 'shard-1 is away', 'shard-1 is back'],
    ...[usage, usage, usage],
  ])
  orders.close()
})
