import type { ApiAnswer, ApiServer } from '../server/api-server.ts'
import type { Place } from '../server/objects.ts'

type Verb = 'POST' | 'PATCH' | 'DELETE' | 'GET'

/** A request of somebody who is no part of the broker, done at once. */
export function ask(server: ApiServer, method: Verb, place: Place, body?: object, subresource?: string): ApiAnswer {
  const [plural, ...group] = place.resource.split('.')
  const version = plural === 'acceptapis' ? 'v1alpha1' : 'v1'
  const root = group.length === 0 ? `/api/${version}` : `/apis/${group.join('.')}/${version}`
  const inside = place.namespace === undefined ? '' : `/namespaces/${place.namespace}`
  const name = method === 'POST' ? '' : `/${place.name}`
  return server.handle({
    method,
    path: `${root}${inside}/${plural}${name}${subresource === undefined ? '' : `/${subresource}`}`,
    headers: { 'content-type': 'application/merge-patch+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
