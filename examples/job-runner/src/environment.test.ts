import { describe, expect, test } from 'vitest'
import { environmentOf, expand } from './environment.ts'
import type { Container, EnvVar, Pod } from './kinds.ts'

const pod = {
  metadata: { name: 'copy-x1', namespace: 'moves', uid: 'u1', labels: { 'job-name': 'copy' }, resourceVersion: '1' },
  spec: { containers: [] },
} as Pod
const sources = {
  secret: async (name: string) => (name === 'db' ? { uri: 'postgresql://a', user: 'ann' } : undefined),
  configMap: async (name: string) => (name === 'settings' ? { level: 'debug' } : undefined),
}
const from = (valueFrom: NonNullable<EnvVar['valueFrom']>): Container => ({
  name: 'main',
  env: [{ name: 'A', valueFrom }],
})

test.each<[string, Omit<Container, 'name'>, Record<string, string>]>([
  ['a value', { env: [{ name: 'A', value: 'one' }] }, { A: 'one' }],
  ['an empty one', { env: [{ name: 'A' }] }, { A: '' }],
  ['a key of a Secret', from({ secretKeyRef: { name: 'db', key: 'uri' } }), { A: 'postgresql://a' }],
  ['a key of a ConfigMap', from({ configMapKeyRef: { name: 'settings', key: 'level' } }), { A: 'debug' }],
  ['an optional key that is not there', from({ secretKeyRef: { name: 'db', key: 'b', optional: true } }), {}],
  ['a field of the Pod', from({ fieldRef: { fieldPath: 'metadata.namespace' } }), { A: 'moves' }],
  ['a label of the Pod', from({ fieldRef: { fieldPath: "metadata.labels['job-name']" } }), { A: 'copy' }],
  ['all of a Secret', { envFrom: [{ secretRef: { name: 'db' } }] }, { uri: 'postgresql://a', user: 'ann' }],
  [
    'all of a ConfigMap, with a prefix',
    { envFrom: [{ prefix: 'L_', configMapRef: { name: 'settings' } }] },
    { L_level: 'debug' },
  ],
  [
    'values of variables before it',
    {
      env: [
        { name: 'A', value: 'one' },
        { name: 'B', value: '$(A) and $(C) and $$(A)' },
        { name: 'C', value: 'late' },
      ],
    },
    { A: 'one', B: 'one and $(C) and $(A)', C: 'late' },
  ],
])('the environment has %s', async (_what, container, environment) => {
  expect(await environmentOf({ ...container, name: 'main' }, pod, sources)).toEqual(environment)
})

describe('what is missing is told as a kubelet tells it:', () => {
  test.each<[string, Container]>([
    ['secret "no" not found', from({ secretKeyRef: { name: 'no', key: 'uri' } })],
    ['configmap "no" not found', from({ configMapKeyRef: { name: 'no', key: 'level' } })],
    ["couldn't find key no in Secret moves/db", from({ secretKeyRef: { name: 'db', key: 'no' } })],
    ['secret "no" not found', { name: 'main', envFrom: [{ secretRef: { name: 'no' } }] }],
  ])('%s', async (message, container) => {
    await expect(environmentOf(container, pod, sources)).rejects.toThrow(message)
  })
})

test.each([
  ['psql $(URI)', 'psql x'],
  ['n=$(psql "$URI" -c "select 1")', 'n=$(psql "$URI" -c "select 1")'],
  ['$$(URI) costs 5$', '$(URI) costs 5$'],
])('a command with %j runs as %j', (text, expanded) => {
  expect(expand(text, { URI: 'x' })).toBe(expanded)
})
