import type { View } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { contentsOf } from './inventory.ts'

const view = (duties: View['duties'], provider?: string) => ({ duties, ...(provider && { provider }) }) as View
const many = (count: number) => Array.from({ length: count }, (_, index) => view(['copies'], `p${index}`))

test.each([
  {
    name: 'the platform’s records',
    views: [view(['records'])],
    read: ['assignment', 'migration', 'configuration', 'policy'],
  },
  { name: 'the compute cluster', views: [view(['stages'])], read: ['staged'] },
  { name: 'a consumer', views: [view(['sources'])], read: ['source', 'source-related'] },
  {
    name: 'a provider’s cluster',
    views: [view(['offers', 'copies'], 'alpha')],
    read: ['acceptapi', 'copy/alpha', 'copy-related/alpha'],
  },
  {
    name: 'an export of a provider on two shards',
    views: [view(['copies'], 'alpha'), view(['copies'], 'alpha')],
    read: ['copy/alpha', 'copy-related/alpha'],
  },
  {
    name: 'two providers',
    views: [view(['copies'], 'alpha'), view(['copies'], 'beta')],
    read: ['copy/alpha', 'copy/beta', 'copy-related/alpha', 'copy-related/beta'],
  },
  { name: 'many providers', views: many(9), read: ['copy', 'copy-related'] },
  { name: 'copies of several providers', views: [view(['copies'])], read: ['copy', 'copy-related'] },
])('reads no more than what is of $name', ({ views, read }) => {
  const textOf = ({ part, qualifier }: { part: string; qualifier?: string }) =>
    qualifier === undefined ? part : `${part}/${qualifier}`
  expect(contentsOf(views).map(textOf)).toEqual(read)
})
