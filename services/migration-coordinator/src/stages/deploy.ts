import { annotations, keyOfAssignment, labels, type Migration } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, type ObjectRef, type ResourceRef, readIfThere } from '@resource-broker/kube'
import { NAMESPACES, together } from '@resource-broker/service'
import type { CoordinatorContext, Staging } from '../context.ts'
import { attemptOf } from '../plan/stages/attempt.ts'
import type { Deployment, Mirror } from '../plan/step.ts'
import { mirror } from './mirror.ts'
import { StageObstacle } from './stage-obstacle.ts'
import { learnStaged } from './staged-messages.ts'

/** A Migration that deploys, and where. */
export type Site = Pick<CoordinatorContext, 'now'> & {
  staging: Staging
  migration: Migration
  namespace: string
  view: KeyView
}

/** The namespace for what a Migration has at the compute cluster. */
export const namespaceOf = ({ compute }: Staging, { metadata }: Migration): string => compute.namespace ?? metadata.name

/** Deploys what an attempt of a stage deploys, each object once. @returns their uids, by key. @throws {StageObstacle} */
export async function deploy(
  site: Site,
  { stage, attempt, objects, mirrors }: Deployment,
): Promise<Record<string, string>> {
  await provideNamespace(site)
  for (const each of inOneOrder(mirrors)) await mirror(site, each)
  const uids = Object.entries(objects).map(async ([key, object]) => {
    const { uid } = await deployOne(site, { stage, attempt, object })
    return [key, uid] as const
  })
  return Object.fromEntries(await together(uids))
}

/**
 * In the same order for every move, so that no two wait for one another where they share a namespace. Of two of one name in two namespaces
 * only the first can have it.
 */
function inOneOrder(mirrors: readonly Mirror[]): Mirror[] {
  const byName = new Map<string, Mirror>()
  for (const each of mirrors.toReversed()) byName.set(`${each.side}/${each.kind}/${each.name}`, each)
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

/** What everything has that is at the compute cluster on account of a Migration: whose it is, and which key is told of it. */
export function labelsOf({ staging, migration }: Pick<Site, 'staging' | 'migration'>): Record<string, string> {
  return {
    [labels.migrationName]: migration.metadata.name,
    [labels.key]: keyOfAssignment(migration.spec.assignment) ?? '',
    [labels.brokerID]: staging.brokerID,
  }
}

async function provideNamespace(site: Site): Promise<void> {
  const { staging, namespace: name, view } = site
  const { client, namespace: shared } = staging.compute
  if (shared !== undefined) return
  const known = view.get('staged', `${NAMESPACES.resource}//${name}`)?.object
  if (known?.metadata.deletionTimestamp === undefined && known) return
  const ref = { ...NAMESPACES, name }
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(site) } }
  const object = await client.create<KubeObject>(ref, body).catch(async (error: unknown) => {
    if (!isAlreadyExists(error)) throw error
    return await readIfThere<KubeObject>(client, ref)
  })
  if (object === undefined || object.metadata.deletionTimestamp !== undefined)
    throw new StageObstacle(`the namespace ${name} of an earlier time is being deleted`)
  if (!isOf(site, object)) throw new StageObstacle(`the namespace ${name} is not the broker's`)
  learnStaged(view, NAMESPACES, object, site.now())
}

type One = { stage: string; attempt: number; object: KubeObject }

async function deployOne(site: Site, { stage, attempt, object }: One): Promise<KubeObject['metadata']> {
  const { staging, namespace, view } = site
  const { client } = staging.compute
  const resource = await resourceOf(staging, object)
  const { metadata } = object
  const body = {
    ...object,
    metadata: {
      ...metadata,
      namespace,
      labels: { ...metadata.labels, ...labelsOf(site) },
      annotations: { ...metadata.annotations, [annotations.migrationAttempt]: String(attempt) },
    },
  }
  const ref: ObjectRef = { ...resource, namespace, name: metadata.name }
  const made = await client.create<KubeObject>(ref, body).catch(async (error: unknown) => {
    if (!isAlreadyExists(error)) throw error
    // Whoever began this attempt may not have come to say so.
    const existing = await readIfThere<KubeObject>(client, ref)
    const isIts = existing !== undefined && isOf(site, existing) && attemptOf(existing) === attempt
    if (isIts && existing.metadata.labels?.[labels.migrationStage] === stage) return existing
    throw new StageObstacle(`waits until ${resource.resource}/${metadata.name}, which is another's, is gone`)
  })
  learnStaged(view, resource, made, site.now())
  return made.metadata
}

/** The collection of what a template makes. @throws {StageObstacle} */
export async function resourceOf({ compute }: Staging, { apiVersion, kind }: KubeObject): Promise<ResourceRef> {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const resource = await compute.resourceOf({ group, version, kind })
  if (resource === undefined) throw new StageObstacle(`the compute cluster does not serve ${kind} of ${apiVersion}`)
  return resource
}

/** Whether an object is there on account of this very Migration. */
export function isOf(site: Pick<Site, 'staging' | 'migration'>, { metadata }: KubeObject): boolean {
  return Object.entries(labelsOf(site)).every(([label, value]) => metadata.labels?.[label] === value)
}
