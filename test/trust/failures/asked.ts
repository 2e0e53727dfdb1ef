import type { ApiRequest } from '../../simulation/server/request.ts'

/** Whose API server is asked; in a kcp, whose logical clusters. */
export type At = 'consumer' | 'provider' | 'platform' | 'compute cluster' | 'workspaces of the broker'
/** A request as the table tells it from others. */
export type Asked = { at: At; method: string; resource: string; subresource: string | undefined }

export function askedOf(at: At, { method, place, subresource, isDiscovery }: ApiRequest): Asked {
  const isCollection = method === 'GET' && place.name === ''
  const verb = isDiscovery ? 'DISCOVER' : isCollection ? 'WATCH' : method
  return { at, method: verb, resource: isDiscovery ? '' : (place.resource.split('.')[0] ?? ''), subresource }
}
