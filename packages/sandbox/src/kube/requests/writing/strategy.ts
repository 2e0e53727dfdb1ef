import { type FieldError, StatusError } from '../../errors.ts'
import { deepEqual } from '../../json.ts'
import { subdomainErrors } from '../../name-rules.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import type { StrategyContext } from '../../resource.ts'
import { invalid } from '../../schema/field-errors.ts'
import { apiVersionOf, storedApiVersion } from '../object-reader.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import {
  coreFinalizerErrors,
  type NameRule,
  objectMetaErrors,
  objectMetaUpdateErrors,
  pathSegmentRule,
} from '../validation/object-meta.ts'
import { scaleErrors } from '../validation/scale.ts'

/** What the hooks of a type get to know. */
export function contextOf({ cluster, user, subresource, deps }: Scope): StrategyContext {
  return { cluster, user, subresource, now: deps.now() }
}

/** As a type's PrepareForCreate: no status yet, the first generation. */
export function prepareForCreate(scope: Scope, next: KubeObject): void {
  const { resource, version } = scope
  if (!resource.builtIn) {
    if (version.status) delete next['status']
    next.metadata.generation = 1
  } else if (resource.strategy.hasGeneration) next.metadata.generation = 1
  resource.strategy.prepareForCreate?.(next, contextOf(scope))
}

/** As a type's PrepareForUpdate. Answers the object to go on with. */
export function prepareForUpdate(scope: Scope, next: KubeObject, old: KubeObject): KubeObject {
  const { resource } = scope
  const prepared = scope.subresource === 'status' ? withStatusOnly(scope, next, old) : withOldStatus(scope, next, old)
  if (old.metadata.generation === undefined) delete prepared.metadata.generation
  else prepared.metadata.generation = old.metadata.generation
  resource.strategy.prepareForUpdate?.(prepared, old, contextOf(scope))
  if (scope.subresource !== 'status' && raisesGeneration(scope, prepared, old)) {
    prepared.metadata.generation = (old.metadata.generation ?? 0) + 1
  }
  return prepared
}

/** A custom resource changed through /status is the old one in everything else. */
function withStatusOnly({ resource }: Scope, next: KubeObject, old: KubeObject): KubeObject {
  if (resource.builtIn) return next
  const { resourceVersion, managedFields } = next.metadata
  const { status: _, ...rest } = old
  const metadata = {
    ...old.metadata,
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(managedFields !== undefined && { managedFields }),
  }
  return { ...rest, metadata, ...(next['status'] !== undefined && { status: next['status'] }) }
}

function withOldStatus({ resource, version }: Scope, next: KubeObject, old: KubeObject): KubeObject {
  if (resource.builtIn || !version.status) return next
  const { status: _, ...rest } = next
  return old['status'] === undefined ? rest : { ...rest, status: old['status'] }
}

function raisesGeneration({ resource }: Scope, next: KubeObject, old: KubeObject): boolean {
  if (resource.builtIn) return resource.strategy.hasGeneration === true && !deepEqual(next['spec'], old['spec'])
  return !deepEqual({ ...next, metadata: undefined }, { ...old, metadata: undefined })
}

/** Throws StatusError 422 when a new object is not valid. */
export function validateNew(scope: Scope, next: KubeObject): void {
  const { resource, version } = scope
  refuse(scope, next, typeErrors(scope, next))
  const errors = [
    ...objectMetaErrors(next.metadata, resource.namespaced, nameRuleOf(scope)),
    ...(resource.builtIn ? coreFinalizerErrors(resource.group, next.metadata) : []),
    ...version.schema.validate(next as JsonObject),
    ...scaleErrors(version.scale, next),
    ...(resource.strategy.validate?.(next, undefined, contextOf(scope)) ?? []),
  ]
  refuse(scope, next, errors)
  refuse(scope, next, objectMetaErrors(next.metadata, resource.namespaced, pathSegmentRule))
}

/** Throws StatusError 422 when a change is not valid. */
export function validateChange(scope: Scope, next: KubeObject, old: KubeObject, { warn }: WriteOptions): void {
  const { resource, version } = scope
  const forgive = ({ field, message }: FieldError) => warn(`${field}: ${message}`)
  const ofMeta = objectMetaUpdateErrors(next.metadata, old.metadata)
  refuse(scope, next, typeErrors(scope, next))
  const errors = [
    ...objectMetaErrors(next.metadata, resource.namespaced, pathSegmentRule),
    ...ofMeta,
    // kube-apiserver validates the metadata of an update twice and names its errors twice.
    ...ofMeta,
    ...(revalidates(scope) ? objectMetaErrors(next.metadata, resource.namespaced, nameRuleOf(scope)) : []),
    ...(resource.builtIn ? coreFinalizerErrors(resource.group, next.metadata) : []),
    ...version.schema.validate(next as JsonObject, old as JsonObject, scope.subresource, forgive),
    ...scaleErrors(version.scale, next),
    ...(resource.strategy.validate?.(next, old, contextOf(scope)) ?? []),
  ]
  refuse(scope, next, errors)
}

/** Drops from a custom resource what the encoder for the store drops, in place: unknown fields, and nulls that say nothing. */
export function dropUnstored({ resource, version }: Scope, next: KubeObject): void {
  if (!resource.builtIn) version.schema.prune(next as JsonObject)
}

/** Types whose rules for an update begin with all the rules for a create. */
function revalidates({ resource: { group, resource, builtIn } }: Scope): boolean {
  return builtIn && group === '' && ['configmaps', 'secrets', 'serviceaccounts'].includes(resource)
}

function nameRuleOf({ resource }: Scope): NameRule {
  return resource.strategy.validateName ?? subdomainRule
}

/** Names of custom resources; a generateName may end in `-`. */
const subdomainRule: NameRule = (name, generated) =>
  subdomainErrors(generated && name.endsWith('-') ? `${name.slice(0, -1)}a` : name)

/** A custom resource may come under a wrong name, which only shows here. */
function typeErrors({ resource, version }: Scope, { apiVersion, kind }: KubeObject): FieldError[] {
  if (resource.builtIn) return []
  const wanted = apiVersionOf(resource.group, version.name)
  const errors: FieldError[] = []
  if (kind !== resource.kind) errors.push(invalid('kind', kind, `must be ${resource.kind}`))
  if (apiVersion !== wanted) errors.push(invalid('apiVersion', apiVersion, `must be ${wanted}`))
  return errors
}

/** Errors name the group that the kind is stored in, which is another one for Events of events.k8s.io. */
function refuse({ resource }: Scope, { kind, metadata }: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return
  const group = storedApiVersion(resource).split('/').slice(0, -1).join('/')
  throw StatusError.invalid(group, kind, metadata.name ?? '', errors)
}
