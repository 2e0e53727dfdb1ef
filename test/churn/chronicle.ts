import { type Assignment, finalizer, Assignment as kind, Migration, originOf } from '@resource-broker/api'
import { watchResource } from '@resource-broker/kube'
import type { World } from '../support/fault-world.ts'
import type { Landscape, Site } from '../support/landscape.ts'
import type { Ledger } from '../support/ledger.ts'
import { THING } from '../support/provider-controller.ts'
import type { Thing } from '../support/things.ts'
import type { Story } from './story.ts'

/** Called when an object at a consumer is seen to be what its owner wants, or gone. */
type Settled = () => void
type Tell = (id: string, about: string | undefined, line: string) => void

/** Tells the story what API servers say about each object, until what it answers is called. A line comes once, whatever is said again. */
export function followServers(world: World & { ledger?: Ledger }, story: Story, settled: Settled): () => void {
  const last = new Map<string, string>()
  const tell: Tell = (id, about, line) => {
    if (last.get(id) === line) return
    last.set(id, line)
    story.tell(about, line)
  }
  const { landscape, ledger } = world
  const stopping = new AbortController()
  const { signal } = stopping
  followRecords(landscape.platform, tell, signal)
  for (const consumer of world.consumers)
    followThings(consumer, describeObject, tell, signal, (thing) => isSettled(thing) && settled())
  const stop = ledger === undefined ? followCopies(landscape, tell, signal) : listen(landscape, ledger, tell)
  return () => {
    stop?.()
    stopping.abort()
  }
}

function followRecords({ kube }: Site, tell: Tell, signal: AbortSignal): void {
  const subjects = new Map<string, string>()
  const records = {
    upsert: (object: object) => {
      const record = object as Assignment
      subjects.set(record.metadata.name, record.spec.name)
      tell(record.metadata.name, record.spec.name, describeRecord(record))
    },
    delete: ({ name }: { name: string }) => tell(name, subjects.get(name), '  Assignment: gone'),
  }
  watchResource(kube, { ...kind.resource }, records, { signal })
  const moves = {
    upsert: (object: object) => {
      const { metadata, spec, status } = object as Migration
      const why = status?.conditions?.map(({ type, reason }) => `${type}:${reason}`).join(' ')
      const line = `  Migration ${metadata.name.slice(-12)}: to ${spec.to.providerCluster} ${status?.state ?? 'new'} ${why ?? ''}`
      tell(metadata.name, subjects.get(spec.assignment), line)
    },
    delete: () => undefined,
  }
  watchResource(kube, { ...Migration.resource }, moves, { signal })
}

function followThings(
  site: Site,
  describe: (thing: Thing) => { about: string | undefined; line: string },
  tell: Tell,
  signal: AbortSignal,
  seen: (thing: Thing | undefined) => void = () => undefined,
): void {
  const subjects = new Map<string, string | undefined>()
  const handler = {
    upsert: (object: object) => {
      const { about, line } = describe(object as Thing)
      const { name } = (object as Thing).metadata
      subjects.set(name, about)
      tell(`${site.name}/${name}`, about, `  ${site.name}: ${line}`)
      seen(object as Thing)
    },
    delete: ({ name }: { name: string }) => {
      tell(`${site.name}/${name}`, subjects.get(name), `  ${site.name}: gone`)
      seen(undefined)
    },
  }
  watchResource(site.kube, THING, handler, { signal })
}

function followCopies({ providers }: Landscape, tell: Tell, signal: AbortSignal): undefined {
  for (const provider of Object.values(providers)) followThings(provider, describeCopy, tell, signal)
}

/** What is gone has settled as well. */
function isSettled(thing: Thing | undefined): boolean {
  if (thing === undefined) return true
  const { metadata, status } = thing
  const isSynced = status?.conditions?.some((condition) => condition.type === 'Synced' && condition.status === 'True')
  return (
    isSynced === true &&
    metadata.deletionTimestamp === undefined &&
    status?.['observedGeneration'] === metadata.generation
  )
}

/** In a kcp copies are in workspaces that come and go; the ledger hears of all. */
function listen({ providers, consumers }: Landscape, ledger: Ledger, tell: Tell): () => void {
  return ledger.listen(({ resource, object, previous }, path) => {
    if (resource !== THING.resource) return
    const provider = Object.values(providers).find(({ copiesOf }) =>
      Object.values(consumers).some((consumer) => copiesOf?.(consumer).path === path),
    )
    if (provider === undefined) return
    const { about, line } = describeCopy((object ?? previous) as Thing)
    tell(`${path}/${about}`, about, `  ${provider.name}: ${object === undefined ? 'gone' : line}`)
  })
}

function describeObject(thing: Thing) {
  return { about: thing.metadata.name, line: `object ${words(thing)} ${conditionsOf(thing)}` }
}

function describeCopy(thing: Thing) {
  return { about: originOf(thing.metadata)?.name, line: `copy ${words(thing)}` }
}

function words({ metadata, spec, status }: Thing): string {
  const { uid, generation, deletionTimestamp, finalizers = [] } = metadata
  const marks = [
    ...(deletionTimestamp === undefined ? [] : ['DELETING']),
    ...(finalizers.includes(finalizer) ? ['held'] : []),
  ]
  const wants = `${spec['size']}/${spec['value']}${spec['secret'] === true ? '/secret' : ''}`
  const says = `${status?.['status'] ?? '-'}@${status?.['observedGeneration'] ?? '-'} from ${status?.['from'] ?? '-'}`
  return `${uid.slice(0, 8)} generation ${generation} ${wants} ${marks.join(' ')} says ${says}`
}

function conditionsOf({ status }: Thing): string {
  return (status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}:${reason}`).join(' ')
}

function describeRecord({ metadata, spec, status }: Assignment): string {
  const asked = (spec.copies ?? []).map(({ providerCluster, role }) => `${providerCluster}:${role}`)
  const made = (status?.copies ?? []).map(
    ({ providerCluster, ready, state, uid }) =>
      `${providerCluster}:${ready ? 'ready' : (state ?? 'not ready')}${uid === undefined ? '' : `(${uid.slice(0, 8)} leaves)`}`,
  )
  const { phase, servedFrom } = status ?? {}
  return `  Assignment ${metadata.uid?.slice(0, 8)} of ${spec.uid.slice(0, 8)}: at ${spec.providerCluster} by ${spec.acceptAPIName} [${asked}] ${phase} served from ${servedFrom ?? '-'} [${made}]`
}
