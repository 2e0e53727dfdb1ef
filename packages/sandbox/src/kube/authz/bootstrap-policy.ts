import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'
import type { KubeObject } from '../objects.ts'
import { type Policy, PolicyIndex, type PolicySource } from './policy.ts'

const FILE = new URL('../../../data/bootstrap-policy.json', import.meta.url)

let objects: readonly KubeObject[] | undefined

/**
 * Kubernetes' default ClusterRoles and ClusterRoleBindings (https://kubernetes.io/docs/reference/access-authn-authz/rbac/) as far as
 * they are about what is served here. `admin`, `edit` and `view` carry the rules that they aggregate. Read once; not to be changed.
 */
function bootstrapPolicy(): readonly KubeObject[] {
  objects ??= (parseJson(readFileSync(FILE, 'utf8')) as { items: KubeObject[] }).items
  return objects
}

/** The default policy as a source that counts in every logical cluster, without objects in any store. */
export function bootstrapPolicySource(): PolicySource {
  let index: PolicyIndex | undefined
  return {
    policy(): Policy {
      if (index !== undefined) return index
      index = new PolicyIndex()
      for (const object of bootstrapPolicy()) index.set(object)
      return index
    },
  }
}
