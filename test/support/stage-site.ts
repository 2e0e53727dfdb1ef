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
