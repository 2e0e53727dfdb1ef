import { isDeepStrictEqual } from 'node:util'
import { parseJson, stringifyJson } from '@resource-broker/json'
import type { Authorizer } from '../authorizer.ts'
import {
  escalationComplaint,
  FULL_AUTHORITY,
  mayEscalate,
  missingRole,
  type RbacAuthorizer,
  type RoleRef,
} from '../authz/mod.ts'
import { type FieldError, StatusError } from '../errors.ts'
import { pathSegmentErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy, StrategyContext } from '../resource.ts'
import {
  type BindingObject,
  type RoleObject,
  roleChangeErrors,
  validateBinding,
  validateClusterRole,
  validateRules,
} from './rbac-validation.ts'

const GROUP = 'rbac.authorization.k8s.io'

export type RbacOptions = {
  authorizer: Authorizer
  rbac: Pick<RbacAuthorizer, 'rulesFor' | 'roleRules'>
}

const COMMON: Strategy = {
  validateName: pathSegmentErrors,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
}

/** Roles or ClusterRoles: nobody may write into one what they do not hold, unless they may `escalate`. */
export function roles(resource: 'roles' | 'clusterroles', options: RbacOptions): Strategy {
  const check = (next: RoleObject, old: RoleObject | undefined, context: StrategyContext) => {
    if (old !== undefined && onlyCollectorFields(next, old)) return
    const { name = '', namespace = '' } = next.metadata
    if (mayEscalate(context.user) || mayDo(options.authorizer, 'escalate', resource, next.metadata, context)) return
    const held = options.rbac.rulesFor(context.user, context.cluster, namespace)
    const refuse = (why: string) => StatusError.forbidden({ group: GROUP, resource }, name, why)
    const complaint = escalationComplaint(context.user, held, next.rules ?? [])
    if (complaint !== undefined) throw refuse(complaint)
    if (!aggregates(next) && (old === undefined || !aggregates(old))) return
    if (escalationComplaint(context.user, held, FULL_AUTHORITY) === undefined) return
    throw refuse('must have cluster-admin privileges to use the aggregationRule')
  }
  return {
    ...COMMON,
    prepareForCreate: (next, context) => check(next, undefined, context),
    prepareForUpdate: (next, old, context) => check(next, old, context),
    validate(next: RoleObject, old) {
      const errors = resource === 'clusterroles' ? validateClusterRole(next) : validateRules(next, true)
      return old === undefined ? errors : twice(errors)
    },
  }
}

/** Bindings: nobody may grant a role whose rules they do not hold, unless they may `bind` it. */
export function bindings(resource: 'rolebindings' | 'clusterrolebindings', options: RbacOptions): Strategy {
  const check = (next: BindingObject, old: BindingObject | undefined, context: StrategyContext) => {
    if (mayEscalate(context.user) || (old !== undefined && onlyCollectorFields(next, old))) return
    const { name = '', namespace = '' } = next.metadata
    const role = { name: next.roleRef.name, namespace }
    const kind = next.roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
    if (mayDo(options.authorizer, 'bind', kind, role, context)) return
    const rules = options.rbac.roleRules(context.cluster, namespace, next.roleRef)
    if (rules === undefined) throw noRole(next.roleRef, resource)
    const held = options.rbac.rulesFor(context.user, context.cluster, namespace)
    const complaint = escalationComplaint(context.user, held, rules)
    if (complaint !== undefined) throw StatusError.forbidden({ group: GROUP, resource }, name, complaint)
  }
  return {
    ...COMMON,
    applyDefaults: (next) => applyDefaults(next as BindingObject),
    prepareForCreate(next, context) {
      applyDefaults(next as BindingObject)
      check(next as BindingObject, undefined, context)
    },
    prepareForUpdate(next, old, context) {
      applyDefaults(next as BindingObject)
      check(next as BindingObject, old as BindingObject, context)
    },
    validate(next, old) {
      const errors = validateBinding(next as BindingObject, resource === 'rolebindings')
      if (old === undefined) return errors
      return [...twice(errors), ...roleChangeErrors(next as BindingObject, old as BindingObject)]
    },
  }
}

/** kube-apiserver looks at an update both as a new object and as a change, and tells what it found each time. */
function twice(errors: readonly FieldError[]): FieldError[] {
  return [...errors, ...errors]
}

function applyDefaults(binding: BindingObject): void {
  binding.roleRef = { ...binding.roleRef, apiGroup: binding.roleRef.apiGroup || GROUP }
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP
  }
}

function mayDo(
  authorizer: Authorizer,
  verb: string,
  resource: string,
  { name = '', namespace = '' }: { name?: string; namespace?: string },
  { cluster, user }: StrategyContext,
): boolean {
  const where = { cluster, user, group: GROUP, version: '*', subresource: '', path: '', isResourceRequest: true }
  return authorizer.authorize({ ...where, verb, resource, name, namespace }).allowed
}

/** kube-apiserver names the role as if it were a binding. */
function noRole(roleRef: RoleRef, resource: string): Error {
  const isKnown = roleRef.kind === 'ClusterRole' || roleRef.kind === 'Role'
  if (isKnown) return StatusError.notFound({ group: GROUP, resource }, roleRef.name)
  return new StatusError(500, '', missingRole(roleRef))
}

function aggregates({ aggregationRule }: RoleObject): boolean {
  return (aggregationRule?.clusterRoleSelectors ?? []).length > 0
}

/** The garbage collector may release what it could not write. */
function onlyCollectorFields(next: KubeObject, old: KubeObject): boolean {
  const strip = (object: KubeObject) => {
    const { ownerReferences, finalizers, managedFields, ...metadata } = object.metadata
    return parseJson(stringifyJson({ ...object, metadata })) as object
  }
  return isDeepStrictEqual(strip(next), strip(old))
}
