import { type ControlPlane, startControlPlane } from '@resource-broker/testbed'
import { KubeClient } from '../src/client.ts'

const preserved = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** A custom resource with a status of its own. */
export const THINGS = { group: 'ex.io', version: 'v1', resource: 'things', namespace: 'default' }

/** A real control plane that serves `things.ex.io`. */
export async function startCluster(
  name: string,
  dir: string,
): Promise<{ controlPlane: ControlPlane; client: KubeClient }> {
  const controlPlane = await startControlPlane({ name, dir, report: console.log })
  await controlPlane.client.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.ex.io' },
    spec: {
      group: 'ex.io',
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: preserved, status: preserved } } },
        },
      ],
    },
  })
  await controlPlane.client.pathOf({ apiVersion: 'ex.io/v1', kind: 'Thing', metadata: { name: 'any' } })
  return { controlPlane, client: await KubeClient.fromFile(controlPlane.kubeconfig) }
}

export function thing(name: string, spec: object = {}, metadata: object = {}): object {
  return { apiVersion: 'ex.io/v1', kind: 'Thing', metadata: { name, ...metadata }, spec }
}
