import type { Attributes } from '../../kube/authorizer.ts'
import type { UserInfo } from '../../kube/user.ts'

type Asked = { cluster: string; user: UserInfo; verb: string }
type AskedOfResource = Asked & Pick<Attributes, 'group' | 'resource' | 'name'> & Partial<Attributes>

const NO_RESOURCE = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' }

/** A question about a cluster-scoped object, in any version. */
export function aboutObject(asked: AskedOfResource): Attributes {
  return { version: '*', subresource: '', namespace: '', path: '', isResourceRequest: true, ...asked }
}

/** A question about a path that is no resource. */
export function aboutPath(asked: Asked & { path: string }): Attributes {
  return { ...NO_RESOURCE, isResourceRequest: false, ...asked }
}
