import { expect, test } from 'vitest'
import { relatedResources } from './related-resources.ts'

const secret = { namespace: 'default', name: 'tls', gvk: { group: 'core', version: 'v1', kind: 'Secret' } }

test('entries come by key, and the group core is the empty one', () => {
  const status = { relatedResources: { b: secret, a: { ...secret, name: 'ca' } } }
  const gvk = { group: '', version: 'v1', kind: 'Secret' }
  expect(relatedResources(status)).toEqual({
    related: [
      { key: 'a', namespace: 'default', name: 'ca', gvk },
      { key: 'b', namespace: 'default', name: 'tls', gvk },
    ],
    mistakes: [],
  })
})

test.each([
  ['is not an object', 'x'],
  ['name is not the name of an object', { ...secret, name: '../../kube-system/secrets/x' }],
  ['name is not the name of an object', { ...secret, name: undefined }],
  ['namespace is not the name of a namespace', { ...secret, namespace: 'a/b' }],
  ['gvk is missing', { ...secret, gvk: undefined }],
  ['gvk.group is not an API group', { ...secret, gvk: { ...secret.gvk, group: '..' } }],
  ['gvk.version is not an API version', { ...secret, gvk: { ...secret.gvk, version: 'v1/../x' } }],
  ['gvk.kind is not a kind', { ...secret, gvk: { ...secret.gvk, kind: '' } }],
])('a malformed entry is a mistake and the others count: %s', (message, entry) => {
  const { related, mistakes } = relatedResources({ relatedResources: { bad: entry, good: secret } })
  expect(related.map(({ key }) => key)).toEqual(['good'])
  expect(mistakes).toEqual([{ path: 'status.relatedResources.bad', message }])
})

test('more than 64 entries are a mistake, and the first 64 count', () => {
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, secret]))
  const { related, mistakes } = relatedResources({ relatedResources: many })
  expect(related).toHaveLength(64)
  expect(mistakes).toEqual([{ path: 'status.relatedResources', message: 'has 70 entries; the first 64 count' }])
})

test.each([undefined, null, {}, { relatedResources: null }])('%j has none', (status) => {
  expect(relatedResources(status)).toEqual({ related: [], mistakes: [] })
})
