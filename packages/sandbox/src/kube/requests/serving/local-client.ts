import { StatusError } from '../../errors.ts'
import { deepClone, deepEqual } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import type { UserInfo } from '../../user.ts'
import { decodeValue } from '../decoding/objects.ts'
import { apiVersionOf } from '../object-reader.ts'
import { rangeOf } from '../reading/list.ts'
import type { Scope, ServerDeps, WriteOptions } from '../scope.ts'
import type { DeleteOptions, LocalClient } from '../types.ts'
import { createObject } from '../writing/create.ts'
import { deleteObject } from '../writing/deleting/delete.ts'
import { track } from '../writing/managed-fields.ts'
import { keyIn, type Written } from '../writing/saving.ts'
import { updateObject } from '../writing/update.ts'

/** Requests of this process itself: through admission and validation, without HTTP and authorization. */
export class InProcessClient implements LocalClient {
  readonly cluster: string
  private readonly deps: ServerDeps
  private readonly user: UserInfo

  constructor(deps: ServerDeps, cluster: string, user: UserInfo) {
    this.deps = deps
    this.cluster = cluster
    this.user = user
  }

  get(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    const scope = this.scope(resource, namespace)
    const entry = this.deps.store.get(keyIn(scope, name))
    return entry === undefined ? undefined : this.deps.reader.object(resource, scope.version, entry)
  }

  list(resource: Resource, namespace = ''): KubeObject[] {
    const scope = this.scope(resource, namespace)
    const { entries } = this.deps.store.list(rangeOf(scope))
    return entries.map((entry) => this.deps.reader.object(resource, scope.version, entry))
  }

  create(resource: Resource, object: KubeObject): KubeObject {
    const scope = this.scope(resource, object.metadata.namespace ?? '', '', object.apiVersion)
    return this.result(scope, createObject(scope, normalized(scope, object), this.options()))
  }

  update(resource: Resource, object: KubeObject, subresource = ''): KubeObject {
    const scope = this.scope(resource, object.metadata.namespace ?? '', subresource, object.apiVersion)
    const next = normalized(scope, object)
    const change = (old: KubeObject | undefined) => {
      next.metadata.resourceVersion ??= old?.metadata.resourceVersion ?? ''
      return track(scope, next, old, this.options())
    }
    return this.result(scope, updateObject(scope, next.metadata.name ?? '', change, this.options()))
  }

  modify(
    resource: Resource,
    namespace: string,
    name: string,
    change: (object: KubeObject) => void,
    subresource = '',
  ): KubeObject | undefined {
    const object = this.get(resource, namespace, name)
    if (object === undefined) return undefined
    const before = deepClone(object)
    change(object)
    return deepEqual(before, object) ? object : this.update(resource, object, subresource)
  }

  delete(resource: Resource, namespace: string, name: string, options: DeleteOptions = {}): void {
    deleteObject(this.scope(resource, namespace), name, { ...options, dryRun: false, warn: () => {} })
  }

  private scope(resource: Resource, namespace: string, subresource = '', apiVersion?: string): Scope {
    const name = apiVersion === undefined ? resource.storageVersion : apiVersion.split('/').at(-1)!
    const version = resource.versions.get(name)
    if (version === undefined || (apiVersion !== undefined && apiVersion !== apiVersionOf(resource.group, name))) {
      throw StatusError.badRequest(`no version ${apiVersion ?? name} of ${resource.resource}`)
    }
    const { deps, cluster, user } = this
    return { deps, cluster, user, resource, version, subresource, namespace: resource.namespaced ? namespace : '' }
  }

  private options(): WriteOptions {
    return {
      dryRun: false,
      manager: this.deps.localManager,
      warn: () => {},
      authorizeCreate: () => {},
    }
  }

  private result({ resource, version }: Scope, { entry, object }: Written): KubeObject {
    return entry === undefined ? object : this.deps.reader.object(resource, version, entry)
  }
}

/** As if the object had come as a body. */
function normalized(scope: Scope, object: KubeObject): KubeObject {
  return decodeValue(scope, { value: deepClone(object) as JsonObject, complaints: [] }).object
}
