import type { ApiServer } from '../server/api-server.ts'
import { NAMESPACE, resources } from '../world/places.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { ask } from './ask.ts'

/** What Kubernetes' own collector is behind, at least. */
const BEHIND_MS = 300

/** Deletes the Secrets of a server whose owners are all gone, as the controller manager does. */
export function collectGarbage({
  time,
  server,
  acts,
}: {
  time: VirtualTime
  server: ApiServer
  acts: (run: () => void) => void
}): void {
  const collect = () => {
    const there = new Set(server.all(resources.things).map(({ object }) => object.metadata.uid))
    for (const { object } of server.all(resources.secrets)) {
      const { ownerReferences: owners = [], name } = object.metadata
      if (owners.length > 0 && owners.every(({ uid }) => !there.has(uid)))
        ask(server, 'DELETE', { resource: resources.secrets, namespace: NAMESPACE, name }, {})
    }
  }
  server.follow(({ type, place }) => {
    const isOwner = place.resource === resources.things && type === 'DELETED'
    const isOwned = place.resource === resources.secrets && type !== 'DELETED'
    if (isOwner || isOwned) time.after(BEHIND_MS, () => acts(collect))
  })
}
