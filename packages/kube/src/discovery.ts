import type { KubeClient } from './client.ts'
import { isNotFound } from './errors.ts'
import { groupPath, type ResourceRef } from './refs.ts'

export type Kind = { group: string; version: string; kind: string }
export type DiscoveredResource = ResourceRef & { kind: string; namespaced: boolean }

/** APIResourceList of meta/v1; subresources stand in it as `name/status`. */
type ResourceList = { resources?: { name: string; kind: string; namespaced: boolean }[] }

/** The resource that serves a kind, or a kind's resource by its plural; undefined while the cluster does not serve it. */
export async function resolveResource(
  client: KubeClient,
  wanted: Kind | ResourceRef,
  signal?: AbortSignal,
): Promise<DiscoveredResource | undefined> {
  const { group, version } = wanted
  const resources = await served(client, groupPath(wanted), signal)
  const isWanted = (name: string, kind: string) => ('kind' in wanted ? kind === wanted.kind : name === wanted.resource)
  const found = resources.find(({ name, kind }) => !name.includes('/') && isWanted(name, kind))
  if (found === undefined) return undefined
  return { group, version, resource: found.name, kind: found.kind, namespaced: found.namespaced }
}

async function served(client: KubeClient, path: string, signal?: AbortSignal) {
  try {
    return (await client.getPath<ResourceList>(path, signal)).resources ?? []
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}
