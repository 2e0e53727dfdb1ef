import type { Store } from '../../store/types.ts'
import { parseOwnJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import type { AdmissionRequest } from '../requests/types.ts'
import type { Catalog, Resource } from '../resource.ts'
import { labelSelectorMatches } from '../selectors/mod.ts'
import type { Binding, Policy } from './policy.ts'

type Sources = { store: Store; catalog: () => Catalog }

/** The objects that a policy is evaluated with, one after the other: a single undefined one for a policy without parameters. */
export function paramsOf(
  policy: Policy,
  binding: Binding,
  request: AdmissionRequest,
  { store, catalog }: Sources,
): { objects: (KubeObject | undefined)[] } | { mistake: string } {
  const { paramKind } = policy.spec
  const { paramRef } = binding.spec
  if (paramKind === undefined || paramRef === undefined) return { objects: [undefined] }
  const type = typeOf(catalog(), request.cluster, paramKind)
  if (type === undefined) {
    const { apiVersion = '', kind = '' } = paramKind
    return { mistake: `paramKind kind \`${apiVersion}, Kind=${kind}\` not known` }
  }
  const namespace = type.namespaced ? (paramRef.namespace ?? request.namespace) : ''
  if (type.namespaced && namespace === '') return { mistake: NO_NAMESPACE }
  const { entries } = store.list({ resource: type.storage, cluster: request.cluster, namespace })
  const objects = entries
    .filter(({ key }) => paramRef.name === undefined || key.name === paramRef.name)
    .map(({ bytes }) => parseOwnJson<KubeObject>(bytes))
    .filter(({ metadata }) => paramRef.name !== undefined || labelSelectorMatches(paramRef.selector, metadata.labels))
  if (objects.length > 0 || paramRef.parameterNotFoundAction === 'Allow') return { objects }
  return { mistake: 'no params found for policy binding with `Deny` parameterNotFoundAction' }
}

const NO_NAMESPACE = 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources'

function typeOf(
  catalog: Catalog,
  cluster: string,
  { apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string },
) {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
  return catalog.list(cluster).find((each: Resource) => each.group === group && each.kind === kind)
}
