import { labels, type Migration } from '@resource-broker/api'
import type { KeyView, KubeObject, StagedMessage } from '@resource-broker/bus'
import type { ObjectRef, ResourceRef } from '@resource-broker/kube'
import { NAMESPACES } from '@resource-broker/service'
import type { Staged } from '../plan/step.ts'

/** What is known to be at the compute cluster on account of a Migration, its namespace left out, and which objects are gone. */
export function stagedOf({ metadata: { name } }: Migration, view: KeyView): { staged: Staged[]; gone: Set<string> } {
  const messages = [...view.all('staged').values()].filter(({ gvr }) => gvr.resource !== NAMESPACES.resource)
  const gone = new Set(
    messages.flatMap(({ object, goneUID }) => (object === null && goneUID !== undefined ? [goneUID] : [])),
  )
  const staged = messages.flatMap(({ gvr, namespace, name: its, object }) => {
    const { [labels.migrationName]: of, [labels.migrationStage]: stage } = object?.metadata.labels ?? {}
    if (object === null || of !== name) return []
    return [{ ...gvr, ...(namespace === undefined ? {} : { namespace }), name: its, stage, object }]
  })
  return { staged, gone }
}

/** What an API server answered about something at the compute cluster counts at once. */
export function learnStaged(view: KeyView, resource: ResourceRef, object: KubeObject, now: Date): void {
  const { data: _content, ...withoutContent } = object
  const shown = (resource.resource === 'secrets' ? withoutContent : object) as KubeObject
  learn(view, { ...resource, ...object.metadata }, { object: shown }, now)
}

/** So does its word that something there is gone. */
export function learnGone(view: KeyView, { object, ...at }: Omit<Staged, 'stage'>, now: Date): void {
  learn(view, at, { object: null, goneUID: object.metadata.uid }, now)
}

function learn(
  view: KeyView,
  { group, version, resource, namespace, name }: ObjectRef,
  said: Pick<StagedMessage, 'object' | 'goneUID'>,
  now: Date,
): void {
  const where = namespace === undefined ? {} : { namespace }
  const message: StagedMessage = { gvr: { group, version, resource }, ...where, name, ...said }
  view.learn('staged', qualifierOf({ resource, namespace, name }), message, now.getTime())
}

/** Under what a message tells of something at the compute cluster. */
export const qualifierOf = ({
  resource,
  namespace,
  name,
}: Pick<ObjectRef, 'resource' | 'name'> & { namespace?: string | undefined }): string =>
  `${resource}/${namespace ?? ''}/${name}`
