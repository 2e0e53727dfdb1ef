import { stageObjectName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { waitFor } from '@resource-broker/testbed'
import type { Site } from './landscape.ts'

const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps' }

/** A template whose status the test sets: a ConfigMap, which every engine serves. */
export const report = (data: Record<string, string>) => ({ report: { apiVersion: 'v1', kind: 'ConfigMap', data } })

/** The ConfigMap `report` of a stage once it is deployed. */
export async function reportOf(compute: Site, migration: string, stage: string): Promise<KubeObject> {
  const ref = { ...CONFIG_MAPS, namespace: migration, name: stageObjectName(migration, 'report') }
  return await waitFor(`stage ${stage} of ${migration} is deployed`, async () => {
    const { items } = await compute.kube.list<KubeObject>({ ...CONFIG_MAPS, namespace: migration })
    const found = items.find(({ metadata }) => metadata.name === ref.name)
    return found?.metadata.labels?.['broker.platform-mesh.io/migration-stage'] === stage ? found : undefined
  })
}

/** Writes into the ConfigMap of a stage what its successConditions wait for. */
export async function tell(compute: Site, migration: string, data: Record<string, string>): Promise<void> {
  const ref = { ...CONFIG_MAPS, namespace: migration, name: stageObjectName(migration, 'report') }
  await compute.kube.mergePatch(ref, { data })
}

/** Does for a namespace that is being deleted what its controller does, where an API server has none. */
export async function emptied(compute: Site, name: string): Promise<void> {
  const ref = { group: '', version: 'v1', resource: 'namespaces', name }
  const there = async () =>
    (await compute.kube.list<KubeObject>({ ...ref })).items.find(({ metadata }) => metadata.name === name)
  await waitFor(
    `the namespace ${name} is being deleted`,
    async () => (await there())?.metadata.deletionTimestamp ?? ((await there()) ? undefined : 'gone'),
  )
  for (const resource of ['configmaps', 'secrets']) {
    const { items } = await compute.kube.list<KubeObject>({ ...CONFIG_MAPS, resource, namespace: name })
    for (const { metadata } of items)
      await compute.client.delete({
        apiVersion: 'v1',
        kind: resource === 'secrets' ? 'Secret' : 'ConfigMap',
        metadata: { name: metadata.name, namespace: name },
      })
  }
  const left = await there()
  if (left !== undefined)
    await compute.client.send('PUT', `/api/v1/namespaces/${name}/finalize`, { ...left, spec: { finalizers: [] } })
  await waitFor(`the namespace ${name} is gone`, async () => ((await there()) === undefined ? true : undefined))
}
