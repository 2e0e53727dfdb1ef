import { stringifyJson } from '@resource-broker/json'
import { MASTERS } from '../../kube/authn/mod.ts'
import type { Authorizer } from '../../kube/authorizer.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import { aboutObject } from '../authz/mod.ts'
import { joinPath, logicalClusterIn, splitPath } from '../clusters/mod.ts'
import {
  CLUSTER_ANNOTATION,
  LOGICAL_CLUSTER_NAME,
  OWNER_ANNOTATION,
  PATH_ANNOTATION,
  REQUIRED_GROUPS_ANNOTATION,
  TENANCY,
  TYPE_ANNOTATION,
} from '../names.ts'
import { refusal } from '../refusal.ts'
import type { ReplicatedCache } from '../services.ts'
import { placementComplaint } from './limits.ts'
import type { MountReference } from './model.ts'
import { qualified, RefusedWorkspace, type TypeReference, type WorkspaceType, type WorkspaceTypes } from './types.ts'

export type WorkspaceAdmissionOptions = {
  /** `Resource.storage` of workspaces. */
  storage: string
  cache: ReplicatedCache
  types: WorkspaceTypes
  rbac: Authorizer
}

type Spec = { type?: TypeReference; cluster?: string; URL?: string; mount?: { ref: MountReference } }

/** What is guarded, and how kcp names it in what it says of a create. */
const GUARDED_FIELDS = { cluster: 'Cluster', URL: 'URL' } as const
const GUARDED_ANNOTATIONS = [OWNER_ANNOTATION, REQUIRED_GROUPS_ANNOTATION]

/** What a Workspace must be (contract 4.1): its type and owner are filled in, then checked. */
export function workspaceAdmission(options: WorkspaceAdmissionOptions): AdmissionPlugin {
  const concerns = ({ resource, object }: AdmissionRequest) =>
    resource.storage === options.storage && object !== undefined
  return {
    name: 'tenancy.kcp.io/Workspace',
    mutate(request) {
      if (!concerns(request) || request.operation !== 'CREATE') return
      forbidding(request, () => {
        refuseTypeOfMount(request)
        const parent = parentOf(options, request)
        annotate(request, parent)
        fillType(options, request, parent)
      })
    },
    validate(request) {
      if (!concerns(request)) return
      forbidding(request, () => {
        validateGuarded(request)
        if (request.operation === 'CREATE') {
          validateType(options, request)
          validateMount(request)
        } else validateUnchangedType(request)
      })
    },
  }
}

/** The owner annotation's value for whoever creates a workspace. */
export function ownerValue({ username, uid, groups, extra }: UserInfo): string {
  const hasExtra = Object.keys(extra).length > 0
  return stringifyJson({ username, ...(uid !== undefined && { uid }), groups, ...(hasExtra && { extra }) })
}

function annotate({ object, user }: AdmissionRequest, parent: KubeObject): void {
  const annotations = { ...object!.metadata.annotations }
  const isPrivileged = user.groups.includes(MASTERS)
  if (!isPrivileged) annotations[OWNER_ANNOTATION] = ownerValue(user)
  if (!isPrivileged || annotations[REQUIRED_GROUPS_ANNOTATION] === undefined) {
    const required = parent.metadata.annotations?.[REQUIRED_GROUPS_ANNOTATION]
    if (required === undefined) delete annotations[REQUIRED_GROUPS_ANNOTATION]
    else annotations[REQUIRED_GROUPS_ANNOTATION] = required
  }
  object!.metadata.annotations = annotations
}

function fillType({ types }: WorkspaceAdmissionOptions, { object }: AdmissionRequest, parent: KubeObject): void {
  const spec = specOf(object)
  const wanted = spec.type === undefined || spec.type.name === '' ? defaultType(types, parent) : spec.type
  const type = types.resolve(pathOf(parent), wanted)
  const { path = '' } = wanted
  object!['spec'] = { ...spec, type: { name: wanted.name, path: path === '' ? type.path : path } }
  const { additionalWorkspaceLabels } = type.spec
  if (additionalWorkspaceLabels === undefined) return
  object!.metadata.labels = { ...additionalWorkspaceLabels, ...object!.metadata.labels }
}

function defaultType(types: WorkspaceTypes, parent: KubeObject): TypeReference {
  const type = typeOfCluster(types, parent)
  const { defaultChildWorkspaceType } = type.spec
  if (defaultChildWorkspaceType !== undefined) return defaultChildWorkspaceType
  throw new RefusedWorkspace(`spec.defaultChildWorkspaceType of workspace type ${qualified(type)} must be set`)
}

function validateType(options: WorkspaceAdmissionOptions, request: AdmissionRequest): void {
  const { types } = options
  const parent = parentOf(options, request)
  const { type: wanted } = specOf(request.object)
  if (wanted?.path === undefined) throw new RefusedWorkspace('spec.type.path must be set')
  const extended = types.extended(types.resolve(pathOf(parent), wanted))
  for (const type of extended) requireUse(options.rbac, request.user, type)
  const around = typeOfCluster(types, parent)
  const complaint = placementComplaint(
    { name: qualified(around), types: types.extended(around) },
    { name: joinPath(wanted.path, wanted.name), types: extended },
  )
  if (complaint !== undefined) throw new RefusedWorkspace(complaint)
}

function requireUse(rbac: Authorizer, user: UserInfo, type: WorkspaceType): void {
  const { cluster, name } = type
  const kind = { group: TENANCY, version: 'v1alpha1', resource: 'workspacetypes' }
  if (rbac.authorize(aboutObject({ cluster, user, verb: 'use', ...kind, name })).allowed) return
  throw new RefusedWorkspace(
    `unable to use workspacetype ${qualified(type)}: missing verb='use' permission on workspacetype`,
  )
}

/** What is mounted has no type, though it is given the default one; so this is looked at before. */
function refuseTypeOfMount({ object, user }: AdmissionRequest): void {
  const { mount, type } = specOf(object)
  if (mount === undefined || type === undefined || user.groups.includes(MASTERS)) return
  throw new RefusedWorkspace('spec.type cannot be set for mounted workspaces')
}

/** The schema asks for these fields, but not that they say something. */
function validateMount({ object }: AdmissionRequest): void {
  const ref = specOf(object).mount?.ref
  if (ref === undefined) return
  const empty = (['kind', 'name', 'apiVersion'] as const).find((field) => ref[field] === '')
  if (empty !== undefined) throw new RefusedWorkspace(`spec.mount.${empty} must be set`)
}

function validateUnchangedType({ object, old }: AdmissionRequest): void {
  const [is, was] = [specOf(object).type, specOf(old).type]
  if (is?.name !== was?.name || is?.path !== was?.path) throw new RefusedWorkspace('spec.type is immutable')
}

function validateGuarded({ object, old, user }: AdmissionRequest): void {
  if (user.groups.includes(MASTERS)) return
  for (const field of ['cluster', 'URL'] as const) {
    if ((specOf(object)[field] ?? '') === (specOf(old)[field] ?? '')) continue
    const what = old === undefined ? `${GUARDED_FIELDS[field]} can only be set` : `${field} can only be changed`
    throw new RefusedWorkspace(`spec.${what} by system privileged users`)
  }
  if (old === undefined) return
  for (const key of GUARDED_ANNOTATIONS) {
    if (object!.metadata.annotations?.[key] === old.metadata.annotations?.[key]) continue
    throw new RefusedWorkspace(`annotation ${key} can only be changed by system privileged users`)
  }
}

/** The LogicalCluster that the workspace is created in. */
function parentOf({ cache }: WorkspaceAdmissionOptions, { cluster }: AdmissionRequest): KubeObject {
  const found = logicalClusterIn(cache, cluster)
  if (found !== undefined) return found.object
  throw new RefusedWorkspace(
    `workspace type cannot be resolved: logicalclusters.core.kcp.io "${LOGICAL_CLUSTER_NAME}" not found`,
  )
}

function typeOfCluster(types: WorkspaceTypes, logicalCluster: KubeObject): WorkspaceType {
  const annotation = logicalCluster.metadata.annotations?.[TYPE_ANNOTATION]
  if (annotation === undefined)
    throw new RefusedWorkspace(`annotation ${TYPE_ANNOTATION} on LogicalCluster must be set`)
  const { parent: path, name } = splitPath(annotation)
  if (path === '') {
    throw new RefusedWorkspace(`annotation ${TYPE_ANNOTATION} on LogicalCluster must be in the form of cluster:name`)
  }
  return types.resolve(path, { path, name })
}

function pathOf({ metadata }: KubeObject): string {
  const { annotations = {} } = metadata
  return annotations[PATH_ANNOTATION] ?? annotations[CLUSTER_ANNOTATION] ?? ''
}

function specOf(object: KubeObject | undefined): Spec {
  return (object?.['spec'] as Spec | undefined) ?? {}
}

/** What is wrong with a type is a 403 (contract 4.1). */
function forbidding(request: AdmissionRequest, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof RefusedWorkspace) throw refusal(request, error.message)
    throw error
  }
}
