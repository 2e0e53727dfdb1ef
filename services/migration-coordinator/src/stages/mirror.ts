import { mayTravel } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, type ObjectRef, readIfThere } from '@resource-broker/kube'
import type { Mirror } from '../plan/step.ts'
import { isOf, labelsOf, type Site } from './deploy.ts'
import { StageObstacle } from './stage-obstacle.ts'
import { learnStaged } from './staged-messages.ts'

/** What of a related object is mirrored: its content, and of a Secret its type. */
const MIRRORED = {
  Secret: { resource: 'secrets', content: ['type', 'data'] },
  ConfigMap: { resource: 'configmaps', content: ['data', 'binaryData'] },
} as const

/** Puts a related object of a copy beside what a stage deploys, with the content that it has now. Another Migration's stays as it is. @throws {StageObstacle} */
export async function mirror(site: Site, { side, kind, namespace, name, cluster }: Mirror): Promise<void> {
  const { staging, view } = site
  const { resource, content } = MIRRORED[kind]
  const collection = { group: '', version: 'v1', resource }
  const there = staging.destinations.at(cluster)
  const origin = there && (await readIfThere<KubeObject>(there.client, { ...collection, namespace, name }))
  if (origin === undefined)
    throw new StageObstacle(`the ${side} copy has no ${kind} ${namespace}/${name} yet, which its status refers to`)
  if (kind === 'Secret' && !mayTravel(origin.type))
    throw new StageObstacle(
      `${kind} ${name} of the ${side} copy has the type ${String(origin.type)}, which does not travel`,
    )
  const body = {
    ...{ apiVersion: 'v1', kind },
    metadata: { name: `${side}-${name}`, namespace: site.namespace, labels: labelsOf(site) },
    ...Object.fromEntries(content.flatMap((field) => (field in origin ? [[field, origin[field]]] : []))),
  }
  const ref = { ...collection, namespace: site.namespace, name: `${side}-${name}` }
  learnStaged(view, collection, await write(site, ref, body), site.now())
}

async function write(site: Site, ref: ObjectRef, body: { metadata: object }): Promise<KubeObject> {
  const { client } = site.staging.compute
  try {
    return await client.create<KubeObject>(ref, body)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  const existing = await readIfThere<KubeObject>(client, ref)
  if (existing === undefined || !isOf(site, existing))
    throw new StageObstacle(`waits until ${ref.resource}/${ref.name}, which is another Migration's, is gone`)
  const { uid, resourceVersion } = existing.metadata
  return await client.replace<KubeObject>(ref, { ...body, metadata: { ...body.metadata, uid, resourceVersion } })
}
