import type { IncomingMessage } from 'node:http'
import { AlreadyExistsError, isInvalid, KubeError, type Status } from './errors.ts'
import { type Endpoint, readKubeconfig } from './kubeconfig.ts'
import { stripManagedFields } from './managed-fields.ts'
import { type HttpResponse, Transport } from './transport.ts'

/** A collection that an API server serves: `resource` in the plural, group `''` for core. */
export type ResourceRef = { group: string; version: string; resource: string }
/** One object, or with `name` left out the collection that it is in; no `namespace` means all, or cluster-scoped. */
export type CollectionRef = ResourceRef & { namespace?: string | undefined }
export type ObjectRef = CollectionRef & { name: string }

export type ReadOptions = { metadataOnly?: boolean; signal?: AbortSignal }
export type WriteOptions = { fieldManager?: string; subresource?: 'status' | 'scale'; signal?: AbortSignal }
export type ApplyOptions = WriteOptions & {
  /** Takes fields over from other managers. */
  force?: boolean
  /** Refuses with `isAlreadyExists` if the object is there. Custom resources only. */
  createOnly?: boolean
}
export type DeleteOptions = { uid?: string | undefined; propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'; signal?: AbortSignal }

/** One page, or all pages, of a collection. */
export type List<T> = { items: T[]; resourceVersion: string }

export type ListOptions = ReadOptions & { labelSelector?: string; fieldSelector?: string; limit?: number }

const FIELD_MANAGER = 'resource-broker'
const TIMEOUT_MS = 10_000
const PAGE = 500
/** A server that asks for patience gets it this often before its answer is passed on. */
const MOST_PATIENCE = 3
const LONGEST_PATIENCE_S = 5

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/**
 * The Kubernetes API of one cluster, for any kind. Each call is one request; a server's 429, or 503 with Retry-After, is honoured
 * and tried again. All calls throw KubeError for a refusal and ConnectionError for no answer.
 */
export class KubeClient {
  readonly #transport: Transport

  constructor(endpoint: Endpoint) {
    this.#transport = new Transport(endpoint)
  }

  /** For the current context of a kubeconfig file. @throws {KubeconfigError} */
  static async fromFile(path: string): Promise<KubeClient> {
    return new KubeClient(await readKubeconfig(path))
  }

  async get<T>(ref: ObjectRef, { metadataOnly, signal }: ReadOptions = {}): Promise<T> {
    return await this.#json<T>({ method: 'GET', path: pathOf(ref), accept: metadataOnly ? METADATA_ONLY : undefined, signal })
  }

  /** All pages of a collection, from one consistent snapshot. */
  async list<T>(ref: CollectionRef, options: ListOptions = {}): Promise<List<T>> {
    const { metadataOnly, signal, labelSelector, fieldSelector, limit = PAGE } = options
    const items: T[] = []
    for (let next = ''; ; ) {
      const query = { labelSelector, fieldSelector, limit: String(limit), continue: next }
      const request = { method: 'GET', path: pathOf(ref, query), accept: metadataOnly ? METADATA_LIST : undefined, signal }
      const page = await this.#json<{ items?: T[]; metadata: { resourceVersion: string; continue?: string } }>(request)
      items.push(...(page.items ?? []).map(stripManagedFields))
      next = page.metadata.continue ?? ''
      if (next === '') return { items, resourceVersion: page.metadata.resourceVersion }
    }
  }

  async create<T>(ref: CollectionRef & { name?: string }, body: object, { fieldManager = FIELD_MANAGER, signal }: WriteOptions = {}): Promise<T> {
    const { name: _name, ...collection } = ref
    return await this.#json<T>({ method: 'POST', path: pathOf(collection, { fieldManager }), body, signal })
  }

  /**
   * Server-side apply. With `metadata.uid` in the body the server refuses (409) to create what is not there, and to touch another
   * object of the name. `createOnly` sends resourceVersion "0", which an existing custom resource refuses (422) as no version to
   * update from; kube-apiserver 1.34 answers so.
   */
  async apply<T>(ref: ObjectRef, body: object, options: ApplyOptions = {}): Promise<T> {
    const { fieldManager = FIELD_MANAGER, force = false, createOnly = false, subresource, signal } = options
    const path = pathOf(ref, { fieldManager, force: String(force) }, subresource)
    const sent = createOnly ? { ...body, metadata: { ...(body as { metadata?: object }).metadata, resourceVersion: '0' } } : body
    try {
      return await this.#json<T>({ method: 'PATCH', path, contentType: 'application/apply-patch+yaml', body: sent, signal })
    } catch (error) {
      if (createOnly && isVersionRefusal(error)) throw new AlreadyExistsError(`${ref.resource}/${ref.name} already exists`, { cause: error })
      throw error
    }
  }

  async mergePatch<T>(ref: ObjectRef, patch: object, { fieldManager = FIELD_MANAGER, subresource, signal }: WriteOptions = {}): Promise<T> {
    return await this.#json<T>({ method: 'PATCH', path: pathOf(ref, { fieldManager }, subresource), contentType: 'application/merge-patch+json', body: patch, signal })
  }

  /** Replaces the whole object; `metadata.resourceVersion` in the body makes it conditional. */
  async replace<T>(ref: ObjectRef, body: object, { fieldManager = FIELD_MANAGER, subresource, signal }: WriteOptions = {}): Promise<T> {
    return await this.#json<T>({ method: 'PUT', path: pathOf(ref, { fieldManager }, subresource), body, signal })
  }

  /** Asks for the deletion; with `uid` of that very object alone (409 otherwise). */
  async delete(ref: ObjectRef, { uid, propagationPolicy, signal }: DeleteOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    }
    await this.#json({ method: 'DELETE', path: pathOf(ref), body, signal })
  }

  /** Any path of the API server, such as `/apis` for discovery. */
  async getPath<T>(path: string, signal?: AbortSignal): Promise<T> {
    return await this.#json<T>({ method: 'GET', path, signal })
  }

  /** The raw answer of a watch: one JSON event a line. @throws {KubeError} if it is refused at the start. */
  async watch(ref: CollectionRef, query: Record<string, string | undefined>, options: { metadataOnly: boolean; signal: AbortSignal }): Promise<IncomingMessage> {
    const path = pathOf(ref, { ...query, watch: 'true' })
    const headers = { accept: options.metadataOnly ? METADATA_ONLY : 'application/json' }
    const response = await this.#transport.stream({ method: 'GET', path, headers, signal: options.signal, timeoutMs: TIMEOUT_MS })
    if (response.statusCode === 200) return response
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    throw errorOf({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') })
  }

  /** Closes idle connections; requests under way fail. */
  close(): void {
    this.#transport.close()
  }

  async #json<T>(request: { method: string; path: string; accept?: string | undefined; contentType?: string; body?: object; signal?: AbortSignal | undefined }): Promise<T> {
    const { method, path, accept = 'application/json', contentType = 'application/json', body, signal } = request
    const headers = { accept, ...(body === undefined ? {} : { 'content-type': contentType }) }
    for (let patience = MOST_PATIENCE; ; patience--) {
      const sent = { method, path, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, timeoutMs: TIMEOUT_MS }
      const response = await this.#transport.send(sent)
      if (response.status >= 200 && response.status < 300) return stripManagedFields(JSON.parse(response.body) as T)
      const error = errorOf(response)
      if (patience === 0 || !asksForPatience(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.min(error.retryAfterSeconds ?? 1, LONGEST_PATIENCE_S) * 1000))
    }
  }
}

/** Path of an object or collection with its query; values that are undefined or empty are left out. */
export function pathOf(ref: CollectionRef & { name?: string }, query: Record<string, string | undefined> = {}, subresource?: string): string {
  const { group, version, resource, namespace, name } = ref
  const parts = [group === '' ? `/api/${version}` : `/apis/${group}/${version}`]
  if (namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(resource)
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  return parts.join('/') + (given.length === 0 ? '' : `?${new URLSearchParams(given)}`)
}

function errorOf({ status, headers, body }: HttpResponse): KubeError {
  const after = Number(headers['retry-after'])
  return new KubeError(status, statusOf(body), Number.isFinite(after) ? after : undefined)
}

/** Proxies and virtual workspaces answer plain text in places (kcp contract 11.3). */
function statusOf(body: string): Status {
  try {
    return JSON.parse(body) as Status
  } catch {
    return { message: body.trim().slice(0, 500) }
  }
}

function asksForPatience(error: KubeError): boolean {
  return error.status === 429 || (error.status === 503 && error.retryAfterSeconds !== undefined)
}

function isVersionRefusal(error: unknown): boolean {
  return isInvalid(error) && (error.details?.causes ?? []).some(({ field }) => field === 'metadata.resourceVersion')
}
