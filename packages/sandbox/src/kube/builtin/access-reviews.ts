import type { Attributes, Authorizer } from '../authorizer.ts'
import type { RbacAuthorizer } from '../authz/mod.ts'
import { type FieldError, StatusError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy, StrategyContext } from '../resource.ts'
import type { UserInfo } from '../user.ts'
import { invalid, required } from './field-errors.ts'

type Selector = { rawSelector?: string; requirements?: object[] }
type ResourceAttributes = {
  namespace?: string
  verb?: string
  group?: string
  version?: string
  resource?: string
  subresource?: string
  name?: string
  fieldSelector?: Selector
  labelSelector?: Selector
}
type Spec = {
  resourceAttributes?: ResourceAttributes
  nonResourceAttributes?: { path?: string; verb?: string }
  user?: string
  groups?: string[]
  uid?: string
  extra?: Record<string, string[]>
  namespace?: string
}
type Review = KubeObject & { spec?: Spec }
type Checked = { self: boolean; local: boolean }

/** SubjectAccessReview and its local and self forms. */
export function accessReviews(authorizer: Authorizer, { self, local }: Checked): Strategy {
  return {
    review(review: Review, context) {
      const spec = review.spec ?? {}
      const errors = validate(review, spec, { self, local })
      if (errors.length > 0) throw invalidReview(errors)
      if (local && spec.resourceAttributes?.namespace !== review.metadata.namespace) throw wrongNamespace(review)
      const subject = self ? context.user : subjectOf(spec)
      const { allowed, denied, reason } = authorizer.authorize(attributesOf(spec, subject, context))
      const status = { allowed, ...(denied === true && { denied }), ...(reason !== '' && { reason }) }
      return { ...review, status }
    },
  }
}

/** Tells which rules apply to the caller in one namespace. */
export function rulesReviews(rbac: Pick<RbacAuthorizer, 'rulesFor'>): Strategy {
  return {
    review(review: Review, { cluster, user }) {
      const namespace = review.spec?.namespace ?? ''
      if (namespace === '') throw StatusError.badRequest('no namespace on request')
      const { rules, errors } = rbac.rulesFor(user, cluster, namespace)
      const filled = (list: readonly string[] | undefined) => list !== undefined && list.length > 0
      const { apiVersion, kind } = review
      return {
        ...{ apiVersion, kind, metadata: {}, spec: {} },
        status: {
          resourceRules: rules
            .filter(({ resources }) => filled(resources))
            .map(({ verbs, apiGroups, resources, resourceNames }) => ({
              verbs,
              ...(filled(apiGroups) && { apiGroups }),
              resources,
              ...(filled(resourceNames) && { resourceNames }),
            })),
          nonResourceRules: rules
            .filter(({ nonResourceURLs }) => filled(nonResourceURLs))
            .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
          incomplete: false,
          ...(errors.length > 0 && { evaluationError: evaluationError(errors) }),
        },
      }
    },
  }
}

function evaluationError(errors: readonly string[]): string {
  const distinct = [...new Set(errors)]
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`
}

function subjectOf({ user = '', groups = [], uid, extra = {} }: Spec): UserInfo {
  return { username: user, groups, extra, ...(uid !== undefined && { uid }) }
}

function attributesOf(spec: Spec, user: UserInfo, { cluster }: StrategyContext): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec
  return {
    cluster,
    user,
    verb: resource?.verb ?? other?.verb ?? '',
    group: resource?.group ?? '',
    version: resource?.version || '*',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    path: other?.path ?? '',
    isResourceRequest: resource !== undefined,
  }
}

/** kube-apiserver takes the kind from its own struct, which has none. */
function invalidReview(errors: FieldError[]): StatusError {
  return StatusError.invalid('authorization.k8s.io', '', '', errors)
}

function wrongNamespace({ metadata }: Review): StatusError {
  return StatusError.badRequest(`spec.resourceAttributes.namespace must match namespace: ${metadata.namespace}`)
}

function validate(review: Review, spec: Spec, { self, local }: Checked): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec
  const errors: FieldError[] = []
  if (resource !== undefined && other !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes'
    errors.push(invalid('spec.nonResourceAttributes', internal(other), why))
  }
  if (resource === undefined && other === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    errors.push(invalid('spec.resourceAttributes', null, why))
  }
  if (!self && (spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'))
  }
  errors.push(...selectorErrors(resource?.fieldSelector, 'spec.resourceAttributes.fieldSelector'))
  errors.push(...selectorErrors(resource?.labelSelector, 'spec.resourceAttributes.labelSelector'))
  const { managedFields, namespace, ...metadata } = review.metadata
  if (local) {
    if (Object.keys(metadata).length > 0)
      errors.push(invalid('metadata', review.metadata, 'must be empty except for namespace'))
    return [...errors, ...localErrors(review, spec)]
  }
  const rest = namespace === undefined ? metadata : { ...metadata, namespace }
  return Object.keys(rest).length === 0 ? errors : [...errors, invalid('metadata', review.metadata, 'must be empty')]
}

function localErrors(
  { metadata }: Review,
  { resourceAttributes: resource, nonResourceAttributes: other }: Spec,
): FieldError[] {
  const errors: FieldError[] = []
  if (resource !== undefined && (resource.namespace ?? '') !== (metadata.namespace ?? '')) {
    const path = 'spec.resourceAttributes.namespace'
    errors.push(invalid(path, resource.namespace ?? '', 'must match metadata.namespace'))
  }
  if (other !== undefined) {
    errors.push(invalid('spec.nonResourceAttributes', internal(other), 'disallowed on this kind of request'))
  }
  return errors
}

function selectorErrors(selector: Selector | undefined, path: string): FieldError[] {
  if (selector === undefined) return []
  const raw = selector.rawSelector ?? ''
  const requirements = selector.requirements ?? []
  if (raw !== '' && requirements.length > 0) {
    return [invalid(`${path}.rawSelector`, raw, 'may not specified at the same time as requirements')]
  }
  if (raw !== '' || requirements.length > 0) return []
  return [required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`)]
}

/** As kube-apiserver shows its own struct. */
function internal({ path = '', verb = '' }: { path?: string; verb?: string }): object {
  return { Path: path, Verb: verb }
}
