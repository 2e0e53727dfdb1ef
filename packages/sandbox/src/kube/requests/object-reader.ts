import { stringifyJson } from '@resource-broker/json'
import type { Entry, Store } from '../../store/types.ts'
import { StatusError } from '../errors.ts'
import { deepEqual, parseOwnJson } from '../json.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import type { Resource, ResourceVersion } from '../resource.ts'

/** `group/version`, or the version alone in the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** apiVersion of a type's objects in the store. */
export function storedApiVersion(resource: Resource): string {
  return resource.storageApiVersion ?? apiVersionOf(resource.group, resource.storageVersion)
}

/** The same object in another version; the input itself when it is that already. */
export function toApiVersion(resource: Resource, object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object
  return resource.convert?.(object, apiVersion) ?? { ...object, apiVersion }
}

/** Kind and apiVersion come first, so that they can be cut off for the lists of built-in types. */
export function encodeObject({ kind, apiVersion, metadata, ...rest }: KubeObject): Buffer {
  return Buffer.from(stringifyJson({ kind, apiVersion, metadata, ...rest }))
}

/** Of a custom resource that was stored in a version which its definition does not have any more: nobody can read it. */
export class LostVersionError extends StatusError {
  constructor(apiVersion: string) {
    super(500, '', `request to convert CR from an invalid group/version: ${apiVersion}`)
  }
}

/**
 * Reads stored objects in the version that is asked for. What was written before a type's present definition is pruned and
 * defaulted by that, as kube-apiserver does when it decodes from etcd; everything else is sent as it is stored.
 */
export class ObjectReader {
  private readonly store: Store
  /** Revision at which a definition was met first; later entries were written by it. */
  private readonly known = new WeakMap<ResourceVersion, number>()
  private readonly encoded = new WeakMap<Entry, WeakMap<ResourceVersion, Buffer>>()

  constructor(store: Store) {
    this.store = store
  }

  /** JSON in `version`; shared, never to be changed. Throws LostVersionError. */
  bytes(resource: Resource, version: ResourceVersion, entry: Entry): Buffer {
    if (this.isAsStored(resource, version, entry)) return entry.bytes
    const cached = this.encoded.get(entry)?.get(version)
    if (cached !== undefined) return cached
    const bytes = this.encode(resource, version, entry)
    const ofEntry = this.encoded.get(entry) ?? new WeakMap<ResourceVersion, Buffer>()
    this.encoded.set(entry, ofEntry.set(version, bytes))
    return bytes
  }

  /** Parsed anew with each call: the caller may change it. Throws LostVersionError. */
  object(resource: Resource, version: ResourceVersion, entry: Entry): KubeObject {
    return parseOwnJson<KubeObject>(this.bytes(resource, version, entry))
  }

  /** A definition takes effect: entries up to now have to be brought in line with it. */
  meet(version: ResourceVersion): number {
    const known = this.known.get(version)
    if (known !== undefined) return known
    this.known.set(version, this.store.revision)
    return this.store.revision
  }

  private isAsStored(resource: Resource, version: ResourceVersion, entry: Entry): boolean {
    if (apiVersionOf(resource.group, version.name) !== storedApiVersion(resource)) return false
    return resource.builtIn || entry.revision > this.meet(version)
  }

  private encode(resource: Resource, version: ResourceVersion, entry: Entry): Buffer {
    const stored = parseOwnJson<KubeObject>(entry.bytes)
    // As when kube-apiserver reads from etcd: the defaults are those of the version it was stored in, not of the one asked for.
    if (!resource.builtIn) storedVersion(resource, stored).schema.applyDefaults(stored as JsonObject)
    const object = toApiVersion(resource, stored, apiVersionOf(resource.group, version.name))
    if (!resource.builtIn) version.schema.prune(object as JsonObject)
    return deepEqual(object, parseOwnJson(entry.bytes)) ? entry.bytes : encodeObject(object)
  }
}

function storedVersion({ group, versions }: Resource, { apiVersion }: KubeObject): ResourceVersion {
  const name = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const version = apiVersionOf(group, name) === apiVersion ? versions.get(name) : undefined
  if (version === undefined) throw new LostVersionError(apiVersion)
  return version
}
