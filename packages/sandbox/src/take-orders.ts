import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { SandboxShard } from './types.ts'

/** Does what the lines of `input` say, one after another, and tells how it went; goes on until it is closed. */
export function takeOrders(
  shards: readonly Pick<SandboxShard, 'name' | 'stop' | 'start'>[],
  input: Readable,
  say: (text: string) => void,
): Interface {
  const away = new Set<string>()
  const follow = async (line: string): Promise<string> => {
    const [order = '', name = '', ...more] = line.trim().split(/\s+/)
    const shard = shards.find((each) => each.name === name)
    if (shard === undefined || more.length > 0 || !['stop', 'start'].includes(order))
      return `"stop NAME" or "start NAME", please; the shards are ${shards.map((each) => each.name).join(', ')}`
    if (away.has(name) === (order === 'stop')) return `${name} is ${order === 'stop' ? 'away' : 'here'} already`
    await shard[order as 'stop' | 'start']()
    if (order === 'stop') away.add(name)
    else away.delete(name)
    return `${name} is ${order === 'stop' ? 'away' : 'back'}`
  }
  let done = Promise.resolve()
  const lines = createInterface({ input })
  lines.on('line', (line) => {
    if (line.trim() === '') return
    done = done.then(async () => {
      const answer = await follow(line).catch((error: unknown) => `${line}: ${(error as Error).message}`)
      say(`${answer}\n`)
    })
  })
  return lines
}
