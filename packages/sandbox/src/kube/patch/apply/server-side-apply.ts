import { StatusError } from '../../errors.ts'
import { deepClone, isObject } from '../../json.ts'
import type { JsonObject, KubeObject, ManagedFieldsEntry, ObjectMeta } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import type { ObjectSchema } from '../../schema/types.ts'
import { timestamp } from '../../timestamp.ts'
import { conflictError } from './conflict-error.ts'
import { emptyObject } from './empty-object.ts'
import { trackUpdate, withoutMeta } from './field-manager.ts'
import { difference, type FieldSet } from './field-set.ts'
import { clientSideApplied, hasLastApplied, writeLastApplied } from './last-applied.ts'
import { type Owner, type Owners, ownerId, readOwners, writeOwners } from './managed.ts'
import { withoutManagedFields } from './track-fields.ts'
import { OwnershipConflict, ownersAfterApply } from './updater.ts'
import { joinErrors, typeErrors } from './validate.ts'
import { Versions } from './versions.ts'

export type ApplyRequest = {
  /** In the version of the request; undefined for one that is created by this. */
  live?: KubeObject | undefined
  config: KubeObject
  manager: string
  force: boolean
  subresource: string
  now: Date
  /** Of the version of the request. */
  schema: ObjectSchema
  /** What `config` has to be; by default what the live object is. */
  expected?: { apiVersion: string; kind: string }
  /** Tells about other versions, and what a subresource does not change; without it, all versions are alike. */
  resource?: Resource
}

/** Whose manager follows what `kubectl apply` without `--server-side` noted. */
const KUBECTL = 'kubectl'
const BEFORE_FIRST_APPLY = 'before-first-apply'

/**
 * The object after `config` was applied, with its managedFields, as kube-apiserver does it. Fields that become empty are null;
 * defaults are not filled in. An application that changes nothing gives the live object with its times. Throws StatusError:
 * 409 with causes FieldManagerConflict, 400 for a config of another type or with managedFields, 500 for one that does
 * not fit the schema.
 */
export function serverSideApply(request: ApplyRequest): KubeObject {
  const { live, config, schema, resource, subresource, manager } = request
  const expected = request.expected ?? live ?? config
  if (config.apiVersion !== expected.apiVersion || config.kind !== expected.kind) {
    throw StatusError.badRequest(`invalid object type: ${gvkOf(config)}`)
  }
  const versions = new Versions(expected.apiVersion, schema, resource, subresource)
  const object = live === undefined ? emptyObject(expected.apiVersion, expected.kind) : withoutManagedFields(live)
  const owners = trackedBefore(request, object, versions)
  checkConfig(request, versions)
  const applied = applyFor({ live: object, versions, owners }, request)
  if (manager === KUBECTL && hasLastApplied(applied.object)) writeLastApplied(applied.object, config as JsonObject)
  return withManagedFields(applied.object, writeOwners(applied.owners))
}

function gvkOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
}

/** What was there before anything was tracked belongs to one who stands for all that changed it. */
function trackedBefore({ live, subresource, now }: ApplyRequest, object: JsonObject, versions: Versions): Owners {
  const owners = readLiveOwners(live?.metadata.managedFields)
  if (owners.size > 0 || live === undefined) return owners
  const empty = emptyObject(live.apiVersion, live.kind)
  return refusing('failed to create manager for existing fields: ', () =>
    trackUpdate({ live: empty, versions, owners }, object, { manager: BEFORE_FIRST_APPLY, subresource, now }),
  )
}

function readLiveOwners(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  return refusing('failed to decode managed fields: ', () => readOwners(entries))
}

function refusing<T>(prefix: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof OwnershipConflict || error instanceof StatusError || !(error instanceof Error)) throw error
    throw new StatusError(500, '', `${prefix}${error.message}`, undefined, { cause: error })
  }
}

function checkConfig({ config }: ApplyRequest, versions: Versions): void {
  const metadata = config.metadata as ObjectMeta | undefined
  if (Array.isArray(metadata?.managedFields)) throw StatusError.badRequest('metadata.managedFields must be nil')
  const errors = typeErrors(config as JsonObject, versions.typeOf(versions.apiVersion)!, false)
  if (errors.length === 0) return
  const { namespace = '', name = '' } = isObject(metadata) ? metadata : {}
  const what = `${namespace}/${name}; ${gvkOf(config)}`
  throw new StatusError(500, '', `failed to create typed patch object (${what}): ${joinErrors(errors)}`)
}

type State = { live: JsonObject; versions: Versions; owners: Owners }
type Applied = { object: JsonObject; owners: Owners }

/** kubectl may take over what it applied on the client's side before. */
function applyFor(state: State, request: ApplyRequest): Applied {
  try {
    return applyOnce(state, request, request.force)
  } catch (error) {
    if (!(error instanceof OwnershipConflict)) throw error
    const allowed = request.manager === KUBECTL ? clientSideApplied(state.live, state.versions) : undefined
    const left = allowed === undefined ? error : withoutAllowed(error, allowed)
    if (left !== undefined) throw conflictError(left)
    return applyOnce(state, request, true)
  }
}

function withoutAllowed({ conflicts }: OwnershipConflict, allowed: FieldSet): OwnershipConflict | undefined {
  const left = new Map<string, { owner: Owner; fields: FieldSet }>()
  for (const [id, { owner, fields }] of conflicts) {
    const rest = difference(fields, allowed)
    if (rest.size > 0) left.set(id, { owner, fields: rest })
  }
  return left.size === 0 ? undefined : new OwnershipConflict(left)
}

function applyOnce(state: State, { config, manager, subresource, now }: ApplyRequest, force: boolean): Applied {
  const owner = { manager, operation: 'Apply', subresource, apiVersion: state.versions.apiVersion } as const
  const id = ownerId(owner)
  const { object, owners } = refusing('', () =>
    ownersAfterApply(state, { id, owner, config: config as JsonObject, force }),
  )
  const result = new Map(owners)
  const own = result.get(id)
  if (own !== undefined) {
    const fields = withoutMeta(own.fields)
    if (fields.size === 0) result.delete(id)
    else result.set(id, { ...own, fields, time: object === undefined ? own.time : timestamp(now) })
  }
  return { object: object ?? state.live, owners: result }
}

function withManagedFields(object: JsonObject, managedFields: ManagedFieldsEntry[]): KubeObject {
  // It shares parts with the live object and the config, which stay as they are.
  const copy = deepClone(object) as KubeObject
  copy.metadata = isObject(copy.metadata) ? copy.metadata : {}
  delete copy.metadata.managedFields
  if (managedFields.length > 0) copy.metadata.managedFields = managedFields
  return copy
}
