import type { ApiAnswer, ApiServer } from '../server/api-server.ts'
import type { Place } from '../server/objects.ts'

type Verb = 'POST' | 'PATCH' | 'DELETE' | 'GET'

/** A request of somebody who is no part of the broker, done at once. */
export function ask(server: ApiServer, method: Verb, place: Place, body?: object, subresource?: string): ApiAnswer {
  const name = method === 'POST' ? '' : `/${place.name}`
  return server.handle({
    method,
    path: `${collectionOf(place)}${name}${subresource === undefined ? '' : `/${subresource}`}`,
    headers: { 'content-type': 'application/merge-patch+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** A server-side apply by force. */
export function applyAs(server: ApiServer, manager: string, place: Place, body: object): ApiAnswer {
  return server.handle({
    method: 'PATCH',
    path: `${collectionOf(place)}/${place.name}?fieldManager=${manager}&force=true`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(body),
  })
}

function collectionOf(place: Place): string {
  const [plural, ...group] = place.resource.split('.')
  const version = group.at(-2) === 'platform-mesh' ? 'v1alpha1' : 'v1'
  const root = group.length === 0 ? `/api/${version}` : `/apis/${group.join('.')}/${version}`
  const cluster = place.cluster === undefined ? '' : `/clusters/${place.cluster}`
  const inside = place.namespace === undefined ? '' : `/namespaces/${place.namespace}`
  return `${cluster}${root}${inside}/${plural}`
}
