import { StatusError } from '../../errors.ts'
import type { KubeObject } from '../../objects.ts'
import type { AdmissionRequest } from '../../requests/types.ts'
import type { Catalog, Resource } from '../../resource.ts'
import { labelSelectorMatches } from '../../selectors/mod.ts'
import type { Binding, Policy } from './policy.ts'

/** Where the objects are that policies name as parameters. */
export type ParamSources = {
  catalog: () => Catalog
  /** Objects in one logical cluster; of a type without namespaces, `namespace` is ''. */
  list: (cluster: string, type: Resource, namespace: string) => readonly KubeObject[]
}

/**
 * The objects that a policy of `cluster` is evaluated with, one after the other: a single undefined one for a policy without
 * parameters. They are in the logical cluster of the policy.
 */
export function paramsOf(
  policy: Policy,
  binding: Binding,
  { cluster, request }: { cluster: string; request: AdmissionRequest },
  { list, catalog }: ParamSources,
): { objects: (KubeObject | undefined)[] } | { mistake: string } {
  const { paramKind } = policy.spec
  const { paramRef } = binding.spec
  if (paramKind === undefined || paramRef === undefined) return { objects: [undefined] }
  const type = typeOf(catalog(), cluster, paramKind)
  if (type === undefined) {
    const { apiVersion = '', kind = '' } = paramKind
    return { mistake: `paramKind kind \`${apiVersion}, Kind=${kind}\` not known` }
  }
  const namespace = type.namespaced ? (paramRef.namespace ?? request.namespace) : ''
  if (type.namespaced && namespace === '') return { mistake: NO_NAMESPACE }
  const present = listed(() => list(cluster, type, namespace))
  if ('mistake' in present) return present
  const objects = present.objects
    .filter(({ metadata }) => paramRef.name === undefined || metadata.name === paramRef.name)
    .filter(({ metadata }) => paramRef.name !== undefined || labelSelectorMatches(paramRef.selector, metadata.labels))
  if (objects.length > 0 || paramRef.parameterNotFoundAction === 'Allow') return { objects }
  return { mistake: 'no params found for policy binding with `Deny` parameterNotFoundAction' }
}

/** The logical cluster of a policy may be away. */
function listed(list: () => readonly KubeObject[]): { objects: readonly KubeObject[] } | { mistake: string } {
  try {
    return { objects: list() }
  } catch (error) {
    if (error instanceof StatusError) return { mistake: error.message }
    throw error
  }
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
