import { MigrationConfiguration } from '@resource-broker/api'
import type { Injected } from '../../support/injections.ts'
import type { Asked } from './asked.ts'
import { isServed, type RequestKind } from './request-kind.ts'
import type { FailureWorld } from './world.ts'

type Kind = Omit<RequestKind, keyof Asked>

const asks = (method: string, resource: string, kind: Kind): RequestKind => ({
  ...{ isStaged: true, at: 'compute cluster', method, resource },
  ...kind,
})

/** Moves go through two stages that each run a Job with the Secret of the old copy; `more` is said of the first besides. */
function stage(world: FailureWorld, more: object = {}): void {
  const { apiVersion, kind, resource } = MigrationConfiguration
  const gvk = { group: 'example.test', version: 'v1', kind: 'Thing' }
  const secret = 'from-${from.status.relatedResources.secret.name}'
  const run = { apiVersion: 'batch/v1', kind: 'Job', spec: { secret } }
  const stageOf = (name: string) => ({ name, templates: { run }, successConditions: ['has(run.status.succeeded)'] })
  const stages = [{ ...stageOf('copy'), ...more }, stageOf('verify')]
  const place = { resource: `${resource.resource}.${resource.group}`, name: 'with-stages' }
  world.create('platform', place, apiVersion, kind, { spec: { from: gvk, to: gvk, stages } })
}

const isStaged = async (world: FailureWorld) => {
  stage(world)
  await isServed(world, { secret: true })
}
/** Each attempt fails, and the next one deploys anew. */
const isRetried = async (world: FailureWorld) => {
  stage(world, { failureConditions: ['has(run.metadata.name)'], retries: 9 })
  await isServed(world, { secret: true })
}
const moves = (world: FailureWorld) => world.change({ size: 'large' })
const runs = async (world: FailureWorld) => {
  await isStaged(world)
  moves(world)
  await world.until(() => world.all('compute', 'jobs.batch').length > 0)
}
const goesOn = () => undefined

const isThere: Injected = { status: 409, reason: 'AlreadyExists', message: 'it already exists' }
const whereOneIs =
  (collection: string): NonNullable<Kind['besides']> =>
  ({ at, method, resource }) =>
    at === 'compute cluster' && method === 'POST' && resource === collection ? isThere : undefined

const watching = (name: string, resource: string): RequestKind =>
  asks('WATCH', resource, {
    ...{ name, prepare: isStaged },
    trigger: (world) => {
      world.cut('compute')
      moves(world)
    },
  })

/** What a broker asks of the cluster in which the stages of moves deploy. */
export const REQUESTS_OF_STAGES: RequestKind[] = [
  asks('POST', 'namespaces', { name: 'making the namespace of a move', prepare: isStaged, trigger: moves }),
  asks('GET', 'namespaces', {
    ...{ name: 'asking whose the namespace of a move is', prepare: isStaged, trigger: moves },
    besides: whereOneIs('namespaces'),
  }),
  asks('POST', 'secrets', { name: 'mirroring a Secret for a stage', prepare: isStaged, trigger: moves }),
  asks('GET', 'secrets', {
    ...{ name: 'asking what is in the place of a mirror', prepare: isStaged, trigger: moves },
    besides: whereOneIs('secrets'),
  }),
  asks('PUT', 'secrets', { name: 'mirroring a Secret again', prepare: isRetried, trigger: moves }),
  asks('DISCOVER', '', {
    ...{ name: 'asking what the compute cluster serves', prepare: (world) => isServed(world, { secret: true }) },
    trigger: (world) => {
      stage(world)
      moves(world)
    },
  }),
  asks('POST', 'jobs', { name: 'deploying what a stage says', prepare: isStaged, trigger: moves }),
  asks('GET', 'jobs', {
    ...{ name: 'asking what is in the place of what a stage deploys', prepare: isStaged, trigger: moves },
    besides: whereOneIs('jobs'),
  }),
  asks('DELETE', 'jobs', { name: 'deleting what a stage deployed', prepare: runs, trigger: goesOn }),
  asks('DELETE', 'namespaces', {
    ...{ name: 'deleting the namespace of a move', about: 'records', prepare: runs, trigger: goesOn },
  }),
  asks('GET', 'namespaces', {
    ...{ name: 'asking whether anything of a move is left', about: 'records', prepare: runs, trigger: goesOn },
    isWell: '404 NotFound',
  }),
  watching('watching the namespaces of moves', 'namespaces'),
  watching('watching the Jobs of stages', 'jobs'),
  watching('watching the Secrets of stages', 'secrets'),
  watching('watching the ConfigMaps of stages', 'configmaps'),
]
