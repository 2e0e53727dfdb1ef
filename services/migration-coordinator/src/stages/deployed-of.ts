import { type Migration, stageObjectName } from '@resource-broker/api'
import { type KeyView, type KubeObject, LEARNED_FOR_MS } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import type { Staged, Surroundings } from '../plan/step.ts'
import { namespaceOf, resourceOf } from './deploy.ts'
import { learnGone, learnStaged, qualifierOf, stagedOf } from './staged-messages.ts'

type Deployed = Pick<Surroundings, 'staged' | 'gone'>

/**
 * What a Migration has at the compute cluster. Not heard of is not gone: that is asked of what a stage that runs has deployed and no
 * message tells of. What only an answer has told of is asked for again: it may have gone before its watch knew of it.
 */
export async function deployedOf(context: CoordinatorContext, migration: Migration, view: KeyView): Promise<Deployed> {
  const known = stagedOf(migration, view)
  const { running, entries } = runningOf(migration)
  const find = (uid: string) => known.staged.find(({ object }) => object.metadata.uid === uid)
  const isHeardOf = (uid: string) => {
    const it = find(uid)
    return it === undefined ? known.gone.has(uid) : (untoldFor(context, view, it) ?? 0) < LEARNED_FOR_MS
  }
  const unheard = entries.filter(([, uid]) => !isHeardOf(uid))
  const templates = migration.spec.stages?.find(({ name }) => name === running?.name)?.templates
  if (context.staging === undefined || unheard.length === 0 || templates === undefined) return known
  const { staging } = context
  const gone = await together(
    unheard.map(async ([key, uid]) => {
      const resource = await resourceOf(staging, templates[key] as KubeObject)
      const namespace = namespaceOf(staging, migration)
      const ref = { ...resource, namespace, name: stageObjectName(migration.metadata.name, key) }
      const object = await readIfThere<KubeObject>(staging.compute.client, ref)
      if (object?.metadata.uid !== uid) {
        const it = find(uid)
        if (it !== undefined) learnGone(view, it, context.now())
        return [uid]
      }
      learnStaged(view, resource, object, context.now())
      return []
    }),
  )
  return { ...stagedOf(migration, view), gone: new Set([...known.gone, ...gone.flat()]) }
}

/** In how many milliseconds something that a stage has deployed is to be asked for again; infinite: of each a message has told. */
export function askedAgainMs(context: CoordinatorContext, migration: Migration, view: KeyView): number {
  const uids = new Set(runningOf(migration).entries.map(([, uid]) => uid))
  const untold = stagedOf(migration, view).staged.flatMap((it) => {
    const ms = uids.has(it.object.metadata.uid) ? untoldFor(context, view, it) : undefined
    return ms === undefined || ms >= LEARNED_FOR_MS ? [] : [LEARNED_FOR_MS - ms]
  })
  return Math.min(Number.POSITIVE_INFINITY, ...untold)
}

/** The stage that runs, and what it has deployed: uids, by key. */
function runningOf({ status }: Migration) {
  const running = status?.stages?.find(({ state }) => state === 'Running')
  return { running, entries: Object.entries(running?.deployed ?? {}) }
}

function untoldFor({ now }: CoordinatorContext, view: KeyView, it: Staged): number | undefined {
  return view.untoldFor('staged', qualifierOf(it), now().getTime())
}
