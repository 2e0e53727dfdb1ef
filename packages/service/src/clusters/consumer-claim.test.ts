import { clusterLabel, labels } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { consumerClaim } from './consumer-claim.ts'

type Item = { spec: { consumerCluster: string }; metadata: { labels: Record<string, string> } }

/** An Assignment for a consumer of that name, which was the cluster of that uid. */
const assignment = (consumerCluster: string, uid?: string): Item => ({
  spec: { consumerCluster },
  metadata: {
    labels: {
      [labels.consumerCluster]: clusterLabel(consumerCluster),
      ...(uid === undefined ? {} : { [labels.consumerClusterUID]: uid }),
    },
  },
})

/** A platform with these Assignments, as far as label selectors go; each list may have one item. */
function platform(items: Item[]) {
  const holds = (item: Item, requirement: string): boolean => {
    const [name = '', value] = requirement.split(/!?=/)
    const has = item.metadata.labels[name]
    if (value === undefined) return has !== undefined
    return requirement.includes('!=') ? has !== value : has === value
  }
  return {
    async *pages(_resource: unknown, { labelSelector, limit }: { labelSelector: string; limit: number }) {
      const found = items.filter((item) => labelSelector.split(',').every((each) => holds(item, each)))
      for (let from = 0; from === 0 || from < found.length; from += limit)
        yield { items: found.slice(from, from + limit) }
    },
  } as never
}

test.each([
  { what: 'nothing is placed for yet', items: [], claim: {} },
  { what: 'whose objects are placed under its name', items: [assignment('acme', '1')], claim: {} },
  { what: 'whose objects are placed under another name', items: [assignment('old', '1')], claim: { knownAs: 'old' } },
  { what: 'under whose name objects of another are placed', items: [assignment('acme', '2')], claim: { was: '2' } },
  { what: 'whose Assignments are of a version that wrote no uid', items: [assignment('acme')], claim: {} },
  { what: 'beside which there are others', items: [assignment('globex', '7'), assignment('acme', '1')], claim: {} },
])('what the platform knows of a cluster $what', async ({ items, claim }) => {
  const { knownAs, was } = await consumerClaim(platform(items), 'acme', '1')
  expect({ ...(knownAs && { knownAs }), ...(was && { was }) }).toEqual(claim)
})

test('a name that is too long for a label is found all the same', async () => {
  const name = 'n'.repeat(200)
  expect(await consumerClaim(platform([assignment(name, '1')]), 'acme', '1')).toMatchObject({ knownAs: name })
  expect(await consumerClaim(platform([assignment(name, '2')]), name, '1')).toMatchObject({ was: '2' })
})
