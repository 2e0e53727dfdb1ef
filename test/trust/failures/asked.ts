import type { ApiRequest } from '../../simulation/server/request.ts'
import type { ServiceName } from '../../support/broker.ts'

/** Whose API server is asked; in a kcp, whose logical clusters. */
export type At = 'consumer' | 'provider' | 'platform' | 'compute cluster' | 'workspaces of the broker'
/** A request as the table tells it from others. */
export type Asked = { at: At; method: string; resource: string; subresource: string | undefined }
/** One that was sent: what it takes of RBAC, and which service sends it. */
export type AskedBy = Asked & { verbs: readonly string[]; by: ServiceName }

/** What is served may be asked by anybody. */
const VERBS: Record<string, readonly string[]> = {
  ...{ GET: ['get'], LIST: ['list'], WATCH: ['list', 'watch'], POST: ['create'], PUT: ['update'] },
  ...{ PATCH: ['patch'], DELETE: ['delete'], DISCOVER: [] },
}

export function askedOf(at: At, { method, place, subresource, isDiscovery, query }: ApiRequest): Omit<AskedBy, 'by'> {
  const isCollection = method === 'GET' && place.name === ''
  const verb = isDiscovery ? 'DISCOVER' : isCollection ? 'WATCH' : method
  const verbs = VERBS[isCollection && !isDiscovery && !query.has('watch') ? 'LIST' : verb] ?? [verb]
  return { at, method: verb, resource: isDiscovery ? '' : (place.resource.split('.')[0] ?? ''), subresource, verbs }
}
