import type { Resource } from '../../../kube/resource.ts'
import { APIS, CORE } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { apisTypes } from '../system-types/mod.ts'
import type { PermissionClaim } from '../types.ts'

const EVENTS = 'events'
const EVENT_GROUPS = ['', 'events.k8s.io']
/** Of Kubernetes' own types (contract 6.5), as `<resource>.<group>`. Nobody claims what is asked about oneself. */
const BUILT_IN = new Set([
  ...['namespaces.', 'configmaps.', 'events.', 'resourcequotas.', 'secrets.', 'serviceaccounts.'],
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    (each) => `${each}.rbac.authorization.k8s.io`,
  ),
  ...['events.events.k8s.io', 'leases.coordination.k8s.io', 'certificatesigningrequests.certificates.k8s.io'],
  ...[
    ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
  ].map((each) => `${each}.admissionregistration.k8s.io`),
  'customresourcedefinitions.apiextensions.k8s.io',
  'tokenreviews.authentication.k8s.io',
  ...['subjectaccessreviews', 'localsubjectaccessreviews'].map((each) => `${each}.authorization.k8s.io`),
])
const OF_APIS = ['apibindings', 'apiexports', 'apiresourceschemas']

/** The types that a claim is about; none where it cannot be claimed or is not known (yet). Events are two (contract 6.5). */
export function claimedResources(
  services: ShardServices,
  bound: BoundTypes,
  { group = '', resource, identityHash = '' }: PermissionClaim,
): readonly Resource[] {
  if (identityHash !== '') {
    const owner = services.exports.ofType(group, resource, identityHash)
    const types = owner === undefined ? [] : bound.resourcesOf(owner.cluster, owner.apiExport)
    return types.filter((each) => each.group === group && each.resource === resource)
  }
  const groups = resource === EVENTS && EVENT_GROUPS.includes(group) ? EVENT_GROUPS : [group]
  return [...services.builtIns, ...services.systemTypes, ...apisTypes].filter(
    (each) => each.resource === resource && groups.includes(each.group) && isClaimable(each),
  )
}

/** Group and resource by which a type's claims are named: events are events of core. */
export function claimName({ group, resource }: { group: string; resource: string }): {
  group: string
  resource: string
} {
  return resource === EVENTS && EVENT_GROUPS.includes(group) ? { group: '', resource } : { group, resource }
}

function isClaimable({ group, resource }: Resource): boolean {
  if (group === APIS) return OF_APIS.includes(resource)
  return BUILT_IN.has(`${resource}.${group}`) || (group === CORE && resource === 'logicalclusters')
}
