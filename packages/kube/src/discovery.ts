import type { KubeClient, ResourceRef } from './client.ts'
import { isNotFound } from './errors.ts'

export type Kind = { group: string; version: string; kind: string }
export type DiscoveredResource = ResourceRef & { kind: string; namespaced: boolean }

type ResourceList = { resources: { name: string; kind: string; namespaced: boolean }[] }

/** The resource that serves a kind, or a kind's resource by its plural; undefined while the cluster does not serve it. */
export async function resolveResource(client: KubeClient, wanted: Kind | ResourceRef, signal?: AbortSignal): Promise<DiscoveredResource | undefined> {
  const { group, version } = wanted
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  try {
    const { resources } = await client.getPath<ResourceList>(path, signal)
    const found = resources.find(({ name, kind }) => !name.includes('/') && ('kind' in wanted ? kind === wanted.kind : name === wanted.resource))
    return found === undefined ? undefined : { group, version, resource: found.name, kind: found.kind, namespaced: found.namespaced }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
