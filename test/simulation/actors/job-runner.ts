import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer, Change, Served } from '../server/api-server.ts'
import { resources } from '../world/places.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { ask } from './ask.ts'

/** What the compute cluster serves. */
export const COMPUTE_SERVES: readonly Served[] = [
  { group: 'batch', version: 'v1', name: 'jobs', kind: 'Job', namespaced: true },
  { group: '', version: 'v1', name: 'namespaces', kind: 'Namespace', namespaced: false },
]

const FINALIZER = 'kubernetes.test/content'
const CONTENT = [resources.jobs, resources.secrets, 'configmaps']

type Options = {
  time: VirtualTime
  server: ApiServer
  random: SeededRandom
  isTroubled: () => boolean
  acts: (run: () => void) => void
}

/** The controllers of the compute cluster: Jobs come to an end, and a namespace goes once what is in it has gone. */
export function runJobs({ time, server, random, isTroubled, acts }: Options): void {
  const later = (run: () => void) => time.after(50 + random.next() * 3_000, () => acts(run))
  server.follow(({ type, place }: Change) => {
    if (place.resource === resources.jobs && type === 'ADDED')
      later(() => ask(server, 'PATCH', place, { status: outcome() }, 'status'))
    if (place.resource !== 'namespaces' || type === 'DELETED') return
    const { finalizers = [], deletionTimestamp } = server.find(place)?.metadata ?? {}
    if (deletionTimestamp !== undefined) later(() => empty(place.name))
    else if (!finalizers.includes(FINALIZER))
      acts(() => ask(server, 'PATCH', place, { metadata: { finalizers: [FINALIZER] } }))
  })
  const outcome = () => {
    if (isTroubled() && random.chance(0.2))
      return { failed: 1, conditions: [{ type: 'Failed', status: 'True', message: 'it came to nothing' }] }
    return { succeeded: 1 }
  }
  const empty = (name: string) => {
    for (const resource of CONTENT)
      for (const { object } of server.all(resource, name))
        ask(server, 'DELETE', { resource, namespace: name, name: object.metadata.name }, {})
    ask(server, 'PATCH', { resource: 'namespaces', name }, { metadata: { finalizers: null } })
  }
}
