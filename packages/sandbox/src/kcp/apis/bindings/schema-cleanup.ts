import { Controller } from '../../../kube/controllers/mod.ts'
import { parseOwnJson } from '../../../kube/json.ts'
import type { StoreEvent } from '../../../store/types.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS } from '../system-types/mod.ts'
import type { ApiBinding } from '../types.ts'
import { BOUND_SCHEMAS } from './bound-schemas.ts'

/** Forgets schemas that no binding names any more. Its keys are their UIDs. */
export function schemaCleanup({ store, log }: ShardServices, bound: BoundTypes): Controller {
  return new Controller(store, log, {
    name: 'bound-schemas',
    triggers: [
      { resource: API_BINDINGS, keys: namedBefore },
      { resource: BOUND_SCHEMAS, keys: ({ entry }) => [entry.key.name] },
    ],
    reconcile(uid) {
      if (!bound.isUsed(uid)) bound.schemas.forget(uid)
      return undefined
    },
  })
}

function namedBefore({ type, entry, previous }: StoreEvent): string[] {
  const before = type === 'DELETED' ? entry : previous
  if (before === undefined) return []
  const { boundResources = [] } = parseOwnJson<ApiBinding>(before.bytes).status ?? {}
  return boundResources.map(({ schema }) => schema.UID)
}
