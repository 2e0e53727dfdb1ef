import { KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { ClusterNotReadyError, clusterUID } from './cluster-uid.ts'

type Namespaces = Record<string, { uid: string; annotations?: Record<string, string> }>

/** A client of a cluster that has these namespaces. */
const clusterOf = (namespaces: Namespaces) => ({
  get: async <T>({ name }: ObjectRef): Promise<T> => {
    const metadata = namespaces[name]
    if (metadata === undefined)
      throw new KubeError(404, { reason: 'NotFound', message: `namespaces "${name}" not found` })
    return { metadata: { name, ...metadata } } as T
  },
})

test('a cluster is the uid of its kube-system', async () => {
  expect(await clusterUID(clusterOf({ 'kube-system': { uid: '1' }, default: { uid: '2' } }))).toBe('1')
})

test('a kcp workspace without kube-system is the uid of its default', async () => {
  const workspace = clusterOf({ default: { uid: '2', annotations: { 'kcp.io/cluster': '2nsw6vz' } } })
  expect(await clusterUID(workspace)).toBe('2')
})

test.each<{ what: string; namespaces: Namespaces }>([
  { what: 'has default alone', namespaces: { default: { uid: '2' } } },
  { what: 'has neither', namespaces: {} },
])('a cluster that $what is not ready: what it is shall not depend on when it is asked', async ({ namespaces }) => {
  await expect(clusterUID(clusterOf(namespaces))).rejects.toThrow(ClusterNotReadyError)
})
