import { createHash } from 'node:crypto'
import type { JsonObject } from '../objects.ts'
import type { Resource, ResourceVersion, Subresource } from '../resource.ts'

/** One path below a type, such as `status`. */
export type SubresourceEntry = { name: string; group: string; version: string; kind: string; verbs: string[] }

const OBJECT_VERBS = ['get', 'patch', 'update']

/** kube-apiserver still keeps definitions in the version that it had first. */
const STORED_AS: Readonly<Record<string, string>> = { 'apiextensions.k8s.io/v1': 'apiextensions.k8s.io/v1beta1' }

/** Base64 of the first 8 bytes of a hash over what is stored, as kube-apiserver has it (contract 15). */
export function storageVersionHash({ group, storageVersion, storageApiVersion, kind }: Resource): string {
  const stored = storageApiVersion?.includes('/') === false ? `/${storageApiVersion}` : storageApiVersion
  const version = stored ?? `${group}/${storageVersion}`
  return createHash('sha256')
    .update(`${STORED_AS[version] ?? version}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64')
}

/** Whether objects of the type are kept at all. */
export function isStored({ strategy }: Resource): boolean {
  return strategy.review === undefined
}

/** Verbs of built-in types are listed by the alphabet, those of custom ones in the order that apiextensions gives. */
export function verbsOf({ verbs, builtIn }: Resource): string[] {
  return builtIn ? [...verbs].sort() : [...verbs]
}

/** What can be done with a type's own subresource. */
export function verbsOfOwn({ verbs, create }: Subresource): readonly string[] {
  return verbs ?? (create === undefined ? OBJECT_VERBS : ['create'])
}

/** The subresources of one version, by the alphabet. */
export function subresourcesOf(resource: Resource, version: ResourceVersion): SubresourceEntry[] {
  const { group, kind } = resource
  const entries: SubresourceEntry[] = (resource.subresources ?? []).map((own) => ({
    name: own.name,
    group: own.group,
    version: own.version,
    kind: own.kind,
    verbs: [...verbsOfOwn(own)],
  }))
  if (version.status) entries.push({ name: 'status', group, version: version.name, kind, verbs: OBJECT_VERBS })
  if (version.scale !== undefined) {
    entries.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: OBJECT_VERBS })
  }
  return resource.builtIn ? entries.sort((a, b) => (a.name < b.name ? -1 : 1)) : entries
}

/** Names beside the plural, left out where there are none. */
export function extraNames({ shortNames, categories }: Resource): JsonObject {
  return {
    ...(shortNames.length > 0 && { shortNames: [...shortNames] }),
    ...(categories.length > 0 && { categories: [...categories] }),
  }
}
