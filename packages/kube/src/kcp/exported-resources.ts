import type { KubeClient } from '../client.ts'
import type { DiscoveredResource } from '../discovery.ts'
import type { WatchEvent } from '../watch/types.ts'
import { watchResource } from '../watch/watch.ts'
import type { ExportRef } from './endpoint-slices.ts'

type APIExport = { spec?: { resources?: { group: string; name: string; schema: string }[] } }
type APIResourceSchema = {
  spec: {
    group: string
    names: { plural: string; kind: string }
    scope: string
    versions: { name: string; served: boolean; storage: boolean }[]
  }
}

const EXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
const SCHEMAS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiresourceschemas' }

type Handler = {
  /** What is exported now, by name; undefined: there is no such export. */
  changed: (resources: DiscoveredResource[] | undefined) => void
  report: (event: WatchEvent) => void
}

/**
 * Follows what an APIExport exports: each resource in the version that it is stored in, or where that is not served, in the first that
 * is. `base` is the whole kcp.
 */
export function followExportedResources(
  base: KubeClient,
  { path, name }: ExportRef,
  handler: Handler,
  { signal }: { signal: AbortSignal },
): void {
  const home = base.below(`/clusters/${path}`)
  const schemas = new Map<string, DiscoveredResource | undefined>()
  watchResource(
    home,
    { ...EXPORTS, fieldSelector: `metadata.name=${name}` },
    {
      upsert: async (object) => {
        const { resources = [] } = (object as APIExport).spec ?? {}
        for (const { schema } of resources) {
          // A schema's spec never changes (contract 4.4).
          if (!schemas.has(schema))
            schemas.set(schema, resourceOf(await home.get({ ...SCHEMAS, name: schema }, { signal })))
        }
        handler.changed(resources.flatMap(({ schema }) => schemas.get(schema) ?? []).sort(byName))
      },
      delete: () => handler.changed(undefined),
      report: handler.report,
    },
    { signal },
  )
}

function resourceOf({ spec: { group, names, scope, versions } }: APIResourceSchema): DiscoveredResource | undefined {
  const served = versions.filter((version) => version.served)
  const version = (served.find(({ storage }) => storage) ?? served[0])?.name
  if (version === undefined) return undefined
  return { group, version, resource: names.plural, kind: names.kind, namespaced: scope === 'Namespaced' }
}

function byName(a: DiscoveredResource, b: DiscoveredResource): number {
  const name = ({ group, resource }: DiscoveredResource) => `${group}/${resource}`
  return name(a) < name(b) ? -1 : 1
}
