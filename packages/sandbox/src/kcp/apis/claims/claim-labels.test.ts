import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../../kube/objects.ts'
import { CLAIM_LABEL_PREFIX } from '../../names.ts'
import { relabel } from './claim-labels.ts'

const key = fc.constantFrom('a', 'b', 'c').map((name) => `${CLAIM_LABEL_PREFIX}${name}`)
const labels = fc.dictionary(fc.oneof(key, fc.constantFrom('team', 'app')), fc.constantFrom('x', 'y'))
const wanted = fc.array(fc.tuple(key, fc.constantFrom('x', 'y'))).map((pairs) => new Map(pairs))

test('6.2 afterwards an object has the wanted labels below the prefix and no other, and all else as it was', () => {
  fc.assert(
    fc.property(labels, wanted, (before, claims) => {
      const object = withLabels({ ...before })
      relabel(object, claims)
      const own = Object.entries(before).filter(([name]) => !name.startsWith(CLAIM_LABEL_PREFIX))
      expect({ ...object.metadata.labels }).toEqual(Object.fromEntries([...own, ...claims]))
    }),
  )
})

test('6.2 what is not stale stays, so that it can be refused', () => {
  const foreign = `${CLAIM_LABEL_PREFIX}foreign`
  const object = withLabels({ [foreign]: 'x' })
  relabel(object, new Map(), () => false)
  expect(object.metadata.labels).toEqual({ [foreign]: 'x' })
})

function withLabels(labels: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels } }
}
