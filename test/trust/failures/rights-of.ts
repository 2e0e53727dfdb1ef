import { type ClusterRole, ROLES, rightsIn, rulesOf } from '@resource-broker/charts'
import type { Asked } from './asked.ts'

/** What a request takes of RBAC; what is served may be asked by anybody. */
const VERBS: Record<string, string[]> = {
  ...{ GET: ['get'], WATCH: ['list', 'watch'], POST: ['create'], PUT: ['update'] },
  ...{ PATCH: ['patch'], DELETE: ['delete'], DISCOVER: [] },
}
/** The brokered kind of the world. */
const THINGS = { group: 'example.test', resource: 'things' }

const isRole = (at: string): at is ClusterRole => ROLES.some((role) => role === at)

/** What a request takes that no service may do by the table of rights, as in `get providers at the platform`. */
export function lackedBy({ at, method, resource, subresource }: Asked): string[] {
  if (!isRole(at)) return []
  const name = subresource === undefined ? resource : `${resource}/${subresource}`
  const rules = rulesOf(rightsIn(at), [THINGS]).filter(({ resources }) => resources.includes(name))
  const lacked = (VERBS[method] ?? [method]).filter((verb) => !rules.some(({ verbs }) => verbs.includes(verb)))
  return lacked.map((verb) => `${verb} ${name} at the ${at}`)
}
