import { ask } from '../../../simulation/actors/ask.ts'
import type { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place, StoredObject } from '../../../simulation/server/objects.ts'
import type { VirtualTime } from '../../../simulation/world/virtual-time.ts'
import { NAMESPACE, THINGS } from './things.ts'

/** A provider's own operator: makes each Thing where copies are Available at once, and where its spec wants one a Secret beside it. */
export function operate(server: ApiServer, time: VirtualTime, holdsCopies: (place: Place) => boolean): void {
  server.follow(({ place, type, entry: { object } }) => {
    const said = object['status'] as { observedGeneration?: number } | undefined
    if (place.resource !== THINGS || !holdsCopies(place)) return
    if (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined) return
    if (said?.observedGeneration !== object.metadata.generation) time.after(1, () => say(server, place, object))
  })
}

function say(
  server: ApiServer,
  place: Place,
  { metadata: { generation: observedGeneration }, ...object }: StoredObject,
): void {
  const { secret, value = '' } = object['spec'] as { secret?: boolean; value?: unknown }
  const named = { namespace: NAMESPACE, name: `${place.name}-secret` }
  const credentials = { cluster: place.cluster, resource: 'secrets', ...named }
  const data = { data: { value: Buffer.from(String(value)).toString('base64') } }
  const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
  const made = { apiVersion: 'v1', kind: 'Secret', metadata: named, type: 'Opaque', ...data }
  if (secret && server.find(credentials) !== undefined) ask(server, 'PATCH', credentials, data)
  else if (secret) ask(server, 'POST', credentials, made)
  const related = secret ? { relatedResources: { secret: { ...named, gvk } } } : {}
  ask(server, 'PATCH', place, { status: { status: 'Available', observedGeneration, ...related } }, 'status')
}
