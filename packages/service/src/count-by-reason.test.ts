import { expect, test } from 'vitest'
import { countByReason } from './count-by-reason.ts'
import { MetricsRegistry } from './metrics.ts'

test('what there is is counted by reason at each scrape, and a reason that nobody has any more counts none', async () => {
  const registry = new MetricsRegistry()
  let now: string[] = []
  const definition = { name: 'things', help: 'Things.', reasons: ['Usual'] }
  countByReason(registry.forService('test'), definition, () => now)
  const counted = async () => {
    const { body } = await registry.expose()
    return [...body.matchAll(/reason="(\w+)"} (\d+)/g)].map(([, reason, count]) => `${reason} ${count}`)
  }
  expect(await counted()).toEqual(['Usual 0'])
  now = ['Rare', 'Usual', 'Usual']
  expect(await counted()).toEqual(['Usual 2', 'Rare 1'])
  now = []
  expect(await counted()).toEqual(['Usual 0', 'Rare 0'])
})
