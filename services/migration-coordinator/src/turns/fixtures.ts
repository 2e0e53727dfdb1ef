import { PassThrough } from 'node:stream'
import { Migration, MigrationConfiguration, type MigrationState, mergePatched, Provider } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import { type CollectionRef, type KubeClient, KubeError, type ObjectRef } from '@resource-broker/kube'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }

type Move = { since?: string; from?: string; to?: string; state?: MigrationState; spec?: object }

/** A Migration as the platform has it; `since` is the minute in which it was made. */
export function migration(
  name: string,
  { since = '00', from = 'alpha', to = 'beta', state, spec }: Move = {},
): KubeObject {
  return {
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: `2026-01-01T00:${since}:00Z` },
    spec: {
      assignment: `assignment-of-${name}`,
      from: { gvk, providerCluster: from, acceptAPIName: 'small' },
      to: { gvk, providerCluster: to, acceptAPIName: 'large' },
      ...spec,
    },
    ...(state === undefined ? {} : { status: { state } }),
  }
}

/** A MigrationConfiguration for all of them. */
export const configuration = (spec: object, generation = 1): KubeObject => ({
  ...{ apiVersion: MigrationConfiguration.apiVersion, kind: MigrationConfiguration.kind },
  metadata: { name: 'c', uid: 'uid-c', resourceVersion: '1', generation },
  spec: { from: gvk, to: gvk, ...spec },
})

/** A Provider, and the moves that the platform agreed with. */
export const provider = (name: string, approvedMoves: Record<string, number> = {}, generation = 1): KubeObject =>
  providerWith(name, { approvedMoves }, generation)

/** A Provider of which the platform says this. */
export const providerWith = (name: string, spec: object, generation = 1): KubeObject => ({
  ...{ apiVersion: Provider.apiVersion, kind: Provider.kind },
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', generation },
  spec: { providerCluster: name, ...spec },
})

const resourceOf = ({ kind }: KubeObject): string => `${kind.toLowerCase()}s`

/** A platform that holds these objects, has the API server's word on names and versions, and tells of each change. */
export class Platform {
  readonly held = new Map<string, KubeObject>()
  /** Requests but for watches, as they came. */
  readonly requests: string[] = []
  readonly #watches: { resource: string; stream: PassThrough }[] = []
  #version = 100

  constructor(...objects: KubeObject[]) {
    for (const object of objects) this.put(object)
  }

  put(object: KubeObject): KubeObject {
    const { name } = object.metadata
    const type = this.held.has(name) ? 'MODIFIED' : 'ADDED'
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
    this.held.set(name, stored)
    this.#tell(type, stored)
    return stored
  }

  remove(name: string): void {
    const object = this.#found(name)
    this.held.delete(name)
    this.#tell('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } })
  }

  get client(): KubeClient {
    const client = {
      get: async ({ name }: ObjectRef) => {
        this.requests.push(`GET ${name}`)
        return this.#found(name)
      },
      create: async (_ref: CollectionRef, body: KubeObject) => {
        this.requests.push(`POST ${body.metadata.name}`)
        if (this.held.has(body.metadata.name)) throw new KubeError(409, { reason: 'AlreadyExists' })
        return this.put({ ...body, metadata: { ...body.metadata, uid: `uid-${body.metadata.name}` } })
      },
      mergePatch: async ({ name }: ObjectRef, { metadata, ...patch }: Partial<KubeObject>) => {
        this.requests.push(`PATCH ${name}`)
        const object = this.#found(name)
        if (metadata !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion)
          throw new KubeError(409, { reason: 'Conflict' })
        return this.put(mergePatched(object, patch) as KubeObject)
      },
      watch: async ({ resource }: CollectionRef) => this.#watch(resource),
    }
    return client as unknown as KubeClient
  }

  #found(name: string): KubeObject {
    const object = this.held.get(name)
    if (object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return object
  }

  #watch(resource: string): PassThrough {
    const stream = new PassThrough()
    this.#watches.push({ resource, stream })
    for (const object of this.held.values()) if (resourceOf(object) === resource) stream.write(lineOf('ADDED', object))
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    stream.write(lineOf('BOOKMARK', { metadata: { resourceVersion: String(this.#version), annotations } }))
    return stream
  }

  #tell(type: string, object: KubeObject): void {
    for (const { resource, stream } of this.#watches)
      if (resourceOf(object) === resource) stream.write(lineOf(type, object))
  }
}

const lineOf = (type: string, object: object): string => `${stringifyJson({ type, object })}\n`
