/** Where a request of kro's goes: to the provider's own workspace, to the export's virtual workspace, or to both. */
export type Side = 'provider' | 'export' | 'both'

/** The groups of what kro keeps for itself: the definitions, their revisions, and the CRDs that it generates of them. */
const OWN_GROUPS: readonly string[] = ['apiextensions.k8s.io', 'internal.kro.run', 'kro.run']

/** The side that answers for `path`, the path of a Kubernetes API request without its query. */
export function sideOf(path: string): Side {
  if (path === '/apis' || path === '/apis/') return 'both'
  const group = /^\/(?:openapi\/v3\/)?apis\/([^/]+)/.exec(path)?.[1]
  return group !== undefined && OWN_GROUPS.includes(group) ? 'provider' : 'export'
}

/** What `GET /apis` answers with. */
export type ApiGroups = { groups: { name: string }[] }

/** The groups of both sides, each from the side that answers for it. */
export function joinGroups(provider: ApiGroups, exported: ApiGroups): ApiGroups {
  const groups = [
    ...provider.groups.filter(({ name }) => OWN_GROUPS.includes(name)),
    ...exported.groups.filter(({ name }) => !OWN_GROUPS.includes(name)),
  ]
  return { ...exported, groups }
}
