import type { UserInfo } from './user.ts'

export type Attributes = {
  cluster: string
  user: UserInfo
  verb: string
  group: string
  version: string
  resource: string
  subresource: string
  namespace: string
  name: string
  /** Of a non-resource request. */
  path: string
  isResourceRequest: boolean
}

export type Authorization = { allowed: boolean; denied?: boolean; reason: string }

/** Decides before anything else looks at the request. */
export interface Authorizer {
  authorize(attributes: Attributes): Authorization
}
