import { type ClusterRole, ROLES, rightsIn, rulesOf } from '@resource-broker/charts'
import type { AskedBy } from './asked.ts'

/** The brokered kind of the world. */
const THINGS = { group: 'example.test', resource: 'things' }

const isRole = (at: string): at is ClusterRole => ROLES.some((role) => role === at)

/** What a request takes that the service which asks may not do by the table of rights, as in `placement-scheduler: get providers at the platform`. */
export function lackedBy({ by, at, verbs, resource, subresource }: AskedBy): string[] {
  if (!isRole(at)) return []
  const name = subresource === undefined ? resource : `${resource}/${subresource}`
  const rules = rulesOf(rightsIn(at, by), [THINGS]).filter(({ resources }) => resources.includes(name))
  const lacked = verbs.filter((verb) => !rules.some((rule) => rule.verbs.includes(verb)))
  return lacked.map((verb) => `${by}: ${verb} ${name} at the ${at}`)
}
