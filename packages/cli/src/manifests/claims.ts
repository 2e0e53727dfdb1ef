import { labels } from '@resource-broker/api'

/** A claim on objects of the consumers, in the form of v1alpha2. */
export type Claim = { group: string; resource: string; verbs: string[]; defaultSelector: object }

const ALL = { matchAll: true }
/** What the broker made there itself, and nothing else. */
const RELATED = { matchExpressions: [{ key: labels.relatedTo, operator: 'Exists' }] }
const KEEP = ['get', 'list', 'watch', 'create', 'update', 'delete']

const events: Claim = { group: '', resource: 'events', verbs: ['create'], defaultSelector: ALL }
const core = (resource: string, verbs: string[], defaultSelector: object): Claim => ({
  ...{ group: '', resource, verbs, defaultSelector },
})

/** To say on an AcceptAPI what is wrong with it. */
export const acceptAPIClaims: Claim[] = [events]

/** To put related objects beside a consumer's object. */
export const brokeredClaims: Claim[] = [core('secrets', KEEP, RELATED), core('configmaps', KEEP, RELATED), events]

/** To bind the broker's own workspaces to exports, and to see how that fares. */
export const stagingClaims: Claim[] = [
  {
    ...{ group: 'apis.kcp.io', resource: 'apibindings', defaultSelector: ALL },
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
]

/** What a provider's controller usually does in the workspaces that copies go into. */
export const providerClaims: Claim[] = [
  core('namespaces', ['get', 'list', 'watch', 'create'], ALL),
  core('secrets', [...KEEP, 'patch'], ALL),
  core('configmaps', [...KEEP, 'patch'], ALL),
  core('events', ['create', 'patch'], ALL),
]

/** What a binding says to claims. Once it is there its selectors do not change any more. */
export function answers(claims: Claim[], state: 'Accepted' | 'Rejected' = 'Accepted'): object[] {
  return claims.map(({ defaultSelector, ...claim }) => ({ ...claim, selector: defaultSelector, state }))
}
