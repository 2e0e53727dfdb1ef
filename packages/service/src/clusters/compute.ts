import { type GVK, labels } from '@resource-broker/api'
import { KubeClient, type ResourceRef, resolveResource } from '@resource-broker/kube'
import type { ComputeConfig, SharedConfig } from '../flags.ts'
import type { ServiceContext } from '../lifecycle.ts'
import { clientOptions } from './client-options.ts'
import type { View } from './clusters.ts'

/** Where what the stages of moves deploy is. */
export type Compute = {
  client: KubeClient
  /** One namespace for all; undefined: each Migration has its own. */
  namespace: string | undefined
  /** What stages may deploy. */
  kinds: readonly GVK[]
  /** The collection of a kind; undefined while the cluster does not serve it. */
  resourceOf: (kind: GVK) => Promise<ResourceRef | undefined>
}

/** Connects a service to the compute cluster; undefined: there is none. */
export async function openCompute({
  shared,
  config,
}: ServiceContext<SharedConfig & ComputeConfig>): Promise<Compute | undefined> {
  const { computeKubeconfig, stageNamespace: namespace, stageKinds: kinds } = config
  if (computeKubeconfig === undefined) return undefined
  return await shared('compute', async (process) => {
    const client = await KubeClient.fromFile(computeKubeconfig, clientOptions(process, 'compute'))
    process.onStop('compute client', () => client.close())
    return computeWith(client, { namespace, kinds })
  })
}

/** The compute cluster behind a client. */
export function computeWith(client: KubeClient, { namespace, kinds }: Pick<Compute, 'namespace' | 'kinds'>): Compute {
  const found = new Map<string, ResourceRef>(RELATED.map(({ kind, ...resource }) => [`${kind}.v1.`, resource]))
  return {
    ...{ client, namespace, kinds },
    resourceOf: async ({ group, version, kind }) => {
      const id = `${kind}.${version}.${group}`
      const known = found.get(id) ?? (await resolveResource(client, { group, version, kind }))
      if (known !== undefined) found.set(id, known)
      return known && { group, version, resource: known.resource }
    },
  }
}

/** The namespaces that Migrations have at the compute cluster. */
export const NAMESPACES = { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces' } as const

/** Kinds of related objects, which are mirrored whatever stages may deploy. */
const RELATED = [
  { group: '', version: 'v1', kind: 'Secret', resource: 'secrets' },
  { group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps' },
] as const

/** What chooses what a broker's Migrations have at the compute cluster. */
export const stagedBy = (brokerID: string): string => `${labels.migrationName},${labels.brokerID}=${brokerID}`

/** What is watched at the compute cluster: what is there on account of the Migrations of one broker. */
export function computeView({ client, kinds, namespace }: Compute, brokerID: string): View {
  const all = [...RELATED, ...(namespace === undefined ? [NAMESPACES] : []), ...kinds]
  const ids = all.map(({ group, version, kind }) => `${kind}.${version}.${group}`)
  return {
    id: 'compute',
    client,
    duties: ['stages'],
    kinds: all.filter((_, i) => ids.indexOf(ids[i] ?? '') === i),
    clusterOf: () => COMPUTE,
    shows: (cluster) => cluster === COMPUTE,
    originOf: () => undefined,
    labelSelector: stagedBy(brokerID),
  }
}

/** The cluster's name in messages. */
const COMPUTE = 'compute'
