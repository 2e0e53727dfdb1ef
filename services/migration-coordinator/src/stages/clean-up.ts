import { hasEnded, keyOfAssignment, labels, type Migration, stagesFinalizer } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isConflict, isNotFound, type ObjectRef, type ResourceRef, readIfThere } from '@resource-broker/kube'
import { NAMESPACES, stagedBy, together } from '@resource-broker/service'
import type { Staging } from '../context.ts'
import type { Staged } from '../plan/step.ts'
import { isOf, namespaceOf } from './deploy.ts'

/** Whether a Migration has ended, or is to go, and what its stages deployed may yet be there. */
export function isToCleanUp(migration: Migration): boolean {
  const { finalizers, deletionTimestamp } = migration.metadata
  return finalizers?.includes(stagesFinalizer) === true && (hasEnded(migration) || deletionTimestamp !== undefined)
}

/**
 * Removes all that a Migration has at the compute cluster. Returns whether nothing is left there, which the cluster itself was asked; what
 * goes tells that it is gone, so that nobody asks while it was seen going.
 */
export async function cleanUp(staging: Staging, migration: Migration, view: KeyView): Promise<boolean> {
  const { client, namespace } = staging.compute
  if (namespace !== undefined) return await cleanUpShared(staging, migration, namespace)
  const ref = { ...NAMESPACES, name: namespaceOf(staging, migration) }
  if (view.get('staged', `${NAMESPACES.resource}//${ref.name}`)?.object?.metadata.deletionTimestamp) return false
  const existing = await readIfThere<KubeObject>(client, ref, { metadataOnly: true })
  if (existing === undefined || !isOf({ staging, migration }, existing)) return true
  const { uid, deletionTimestamp } = existing.metadata
  if (deletionTimestamp === undefined) await client.delete(ref, { uid })
  return false
}

async function cleanUpShared(staging: Staging, migration: Migration, namespace: string): Promise<boolean> {
  const { compute, brokerID } = staging
  const mine = `${stagedBy(brokerID)},${labels.key}=${keyOfAssignment(migration.spec.assignment)}`
  const labelSelector = `${mine},${labels.migrationName}=${migration.metadata.name}`
  const left = await together(
    (await collections(staging)).map(async (resource) => {
      const { items } = await compute.client.list<KubeObject>(
        { ...resource, namespace },
        { labelSelector, metadataOnly: true },
      )
      await together(
        items.map((object) => remove(staging, { ...resource, namespace, name: object.metadata.name, object })),
      )
      return items.length
    }),
  )
  return left.every((count) => count === 0)
}

/** What stages deploy and see, as far as the compute cluster serves it. */
async function collections({ compute }: Staging): Promise<ResourceRef[]> {
  const core = ['secrets', 'configmaps'].map((resource) => ({ group: '', version: 'v1', resource }))
  const others = await together(compute.kinds.map((kind) => compute.resourceOf(kind)))
  const isCore = ({ group, resource }: ResourceRef) =>
    core.some((each) => each.group === group && each.resource === resource)
  return [...core, ...others.flatMap((found) => (found === undefined || isCore(found) ? [] : [found]))]
}

/**
 * Removes one object, and what it made with it: a Job is there until its pods are gone. One that goes already is left alone. Returns whether
 * the cluster says that it is gone.
 */
export async function remove({ compute }: Staging, { object, ...at }: Omit<Staged, 'stage'>): Promise<boolean> {
  const { uid, deletionTimestamp } = object.metadata
  if (deletionTimestamp !== undefined) return false
  const ref: ObjectRef = { ...at }
  try {
    const propagationPolicy = at.group === '' ? 'Background' : 'Foreground'
    return (await compute.client.delete(ref, { uid, propagationPolicy })).isGone
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error // it is gone, or another has its name
    return false
  }
}

/** The Migration's finalizers once nothing is left. */
export const withoutFinalizer = ({ metadata }: Migration): string[] =>
  (metadata.finalizers ?? []).filter((finalizer) => finalizer !== stagesFinalizer)
