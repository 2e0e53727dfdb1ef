import { type Migration, stageObjectName } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import type { Surroundings } from '../plan/step.ts'
import { namespaceOf, resourceOf } from './deploy.ts'
import { learnStaged, stagedOf } from './staged-messages.ts'

type Deployed = Pick<Surroundings, 'staged' | 'gone'>

/**
 * What a Migration has at the compute cluster. Not heard of is not gone: that is asked of what a stage that runs has deployed and no
 * message tells of.
 */
export async function deployedOf(context: CoordinatorContext, migration: Migration, view: KeyView): Promise<Deployed> {
  const known = stagedOf(migration, view)
  const uids = new Set([...known.gone, ...known.staged.map(({ object }) => object.metadata.uid)])
  const running = migration.status?.stages?.find(({ state }) => state === 'Running')
  const unheard = Object.entries(running?.deployed ?? {}).filter(([, uid]) => !uids.has(uid))
  const templates = migration.spec.stages?.find(({ name }) => name === running?.name)?.templates
  if (context.staging === undefined || unheard.length === 0 || templates === undefined) return known
  const { staging } = context
  const gone = await together(
    unheard.map(async ([key, uid]) => {
      const resource = await resourceOf(staging, templates[key] as KubeObject)
      const namespace = namespaceOf(staging, migration)
      const ref = { ...resource, namespace, name: stageObjectName(migration.metadata.name, key) }
      const object = await readIfThere<KubeObject>(staging.compute.client, ref)
      if (object?.metadata.uid !== uid) return [uid]
      learnStaged(view, resource, object, context.now())
      return []
    }),
  )
  return { ...stagedOf(migration, view), gone: new Set([...known.gone, ...gone.flat()]) }
}
