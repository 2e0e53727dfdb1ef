import { expect, test } from 'vitest'
import { busPrefix } from './backends.ts'

test.each([
  [{ streamPrefix: 'broker' }, 'broker'],
  [{ streamPrefix: 'broker', shard: 'alpha' }, 'broker-alpha'],
])('what %j has on NATS begins with %s', (config, prefix) => {
  expect(busPrefix(config)).toBe(prefix)
})
