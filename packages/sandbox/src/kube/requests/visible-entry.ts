import type { Entry } from '../../store/types.ts'
import { StatusError } from '../errors.ts'
import type { Scope } from './scope.ts'
import { keyIn } from './writing/saving.ts'

/** What stands in the store under `name`; undefined also for what the request's restriction hides. */
export function visibleEntry(scope: Scope, name: string): Entry | undefined {
  const { deps, resource, version, restriction } = scope
  const entry = deps.store.get(keyIn(scope, name))
  if (entry === undefined || restriction === undefined) return entry
  return restriction.matches(deps.reader.object(resource, version, entry)) ? entry : undefined
}

/** The same, but throws StatusError 404 for what is not there or hidden. */
export function requireVisible(scope: Scope, name: string): Entry {
  const entry = visibleEntry(scope, name)
  if (entry === undefined) throw StatusError.notFound(scope.resource, name)
  return entry
}
