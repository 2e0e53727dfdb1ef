import type { AccountLookup, ServiceAccountTokens, TokenAuthenticator } from '../authn/mod.ts'
import { setKey } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import { goShape } from '../protobuf/go-shape.ts'
import type { Resource, ResourceVersion, Strategy, Subresource, Verb } from '../resource.ts'
import { builtInSchema } from '../schema/mod.ts'
import { accessReviews, rulesReviews } from './access-reviews.ts'
import { admissionPolicies, admissionPolicyBindings } from './admission-policies.ts'
import { approval, certificateRequests } from './certificate-requests.ts'
import { configMaps, secrets } from './config.ts'
import { customResourceDefinitions } from './custom-resource-definitions.ts'
import { convertEvent, events } from './events.ts'
import { selfSubjectReviews, tokenReviews } from './identity-reviews.ts'
import { leases } from './leases.ts'
import { limitRanges } from './limit-ranges.ts'
import { finalize, namespaces } from './namespaces.ts'
import { bindings, type RbacOptions, roles } from './rbac.ts'
import { resourceQuotas } from './resource-quotas.ts'
import { serviceAccounts } from './service-accounts.ts'
import { tokenRequests } from './token-requests.ts'
import { webhookConfigurations } from './webhooks.ts'

export type BuiltInOptions = RbacOptions & {
  /** Answers TokenReviews. */
  authenticator: TokenAuthenticator
  tokens: ServiceAccountTokens
  accounts: AccountLookup
}

type Definition = {
  group?: string
  resource: string
  kind: string
  namespaced?: boolean
  verbs?: readonly Verb[]
  shortNames?: readonly string[]
  categories?: readonly string[]
  status?: boolean
  selectableFields?: readonly string[]
  strategy: Strategy
  subresources?: readonly Subresource[]
  convert?: (object: KubeObject, apiVersion: string) => KubeObject
  storageApiVersion?: string
}

const VERSION = 'v1'
const ALL: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const ASKED: readonly Verb[] = ['create']

/** Every built-in type of contract 9.2. Cheap: schemas are read when they are first needed. */
export function builtInResources(options: BuiltInOptions): Resource[] {
  return [
    ...core(options),
    ...admissionTypes,
    definitionType,
    ...reviews(options),
    ...others(options),
    ...rbac(options),
  ].map(toResource)
}

function core({ tokens, accounts }: BuiltInOptions): Definition[] {
  return [
    { resource: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'], strategy: configMaps },
    {
      ...{ resource: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'], strategy: events(false) },
      selectableFields: [...eventFields('involvedObject'), '.reportingComponent'],
    },
    { resource: 'limitranges', kind: 'LimitRange', namespaced: true, shortNames: ['limits'], strategy: limitRanges },
    {
      ...{ resource: 'namespaces', kind: 'Namespace', shortNames: ['ns'], status: true, strategy: namespaces },
      ...{ subresources: [finalize], selectableFields: ['.status.phase'] },
      verbs: ALL.filter((verb) => verb !== 'deletecollection'),
    },
    {
      ...{ resource: 'resourcequotas', kind: 'ResourceQuota', namespaced: true, shortNames: ['quota'], status: true },
      strategy: resourceQuotas,
    },
    { resource: 'secrets', kind: 'Secret', namespaced: true, selectableFields: ['.type'], strategy: secrets },
    {
      ...{ resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true, shortNames: ['sa'] },
      ...{ strategy: serviceAccounts, subresources: [tokenRequests(tokens, accounts)] },
    },
  ]
}

function eventFields(object: string): string[] {
  const fields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
  return [...fields.map((field) => `.${object}.${field}`), '.reason', '.type']
}

const ADMISSION = { group: 'admissionregistration.k8s.io', categories: ['api-extensions'] }

const admissionTypes: readonly Definition[] = [
  {
    ...{ ...ADMISSION, resource: 'mutatingwebhookconfigurations', kind: 'MutatingWebhookConfiguration' },
    strategy: webhookConfigurations(true),
  },
  {
    ...{ ...ADMISSION, resource: 'validatingadmissionpolicies', kind: 'ValidatingAdmissionPolicy', status: true },
    strategy: admissionPolicies,
  },
  {
    ...{ ...ADMISSION, resource: 'validatingadmissionpolicybindings', kind: 'ValidatingAdmissionPolicyBinding' },
    strategy: admissionPolicyBindings,
  },
  {
    ...{ ...ADMISSION, resource: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration' },
    strategy: webhookConfigurations(false),
  },
]

const definitionType: Definition = {
  ...{ group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', kind: 'CustomResourceDefinition' },
  ...{ shortNames: ['crd', 'crds'], categories: ['api-extensions'], status: true, strategy: customResourceDefinitions },
}

function reviews({ authorizer, rbac: source, authenticator }: BuiltInOptions): Definition[] {
  const authentication = { group: 'authentication.k8s.io', verbs: ASKED }
  const authorization = { group: 'authorization.k8s.io', verbs: ASKED }
  return [
    {
      ...{ ...authentication, resource: 'selfsubjectreviews', kind: 'SelfSubjectReview' },
      strategy: selfSubjectReviews,
    },
    { ...authentication, resource: 'tokenreviews', kind: 'TokenReview', strategy: tokenReviews(authenticator) },
    {
      ...{
        ...authorization,
        resource: 'localsubjectaccessreviews',
        kind: 'LocalSubjectAccessReview',
        namespaced: true,
      },
      strategy: accessReviews(authorizer, { self: false, local: true }),
    },
    {
      ...{ ...authorization, resource: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' },
      strategy: accessReviews(authorizer, { self: true, local: false }),
    },
    {
      ...{ ...authorization, resource: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview' },
      strategy: rulesReviews(source),
    },
    {
      ...{ ...authorization, resource: 'subjectaccessreviews', kind: 'SubjectAccessReview' },
      strategy: accessReviews(authorizer, { self: false, local: false }),
    },
  ]
}

function others({ authorizer }: BuiltInOptions): Definition[] {
  return [
    {
      ...{ group: 'certificates.k8s.io', resource: 'certificatesigningrequests', kind: 'CertificateSigningRequest' },
      ...{ shortNames: ['csr'], status: true, selectableFields: ['.spec.signerName'], strategy: certificateRequests },
      subresources: [approval(authorizer)],
    },
    { group: 'coordination.k8s.io', resource: 'leases', kind: 'Lease', namespaced: true, strategy: leases },
    {
      ...{ group: 'events.k8s.io', resource: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'] },
      ...{ strategy: events(true), convert: convertEvent, storageApiVersion: 'v1' },
      selectableFields: [...eventFields('regarding'), '.reportingController'],
    },
  ]
}

function rbac(options: RbacOptions): Definition[] {
  const group = 'rbac.authorization.k8s.io'
  return [
    {
      ...{ group, resource: 'clusterrolebindings', kind: 'ClusterRoleBinding' },
      strategy: bindings('clusterrolebindings', options),
    },
    { group, resource: 'clusterroles', kind: 'ClusterRole', strategy: roles('clusterroles', options) },
    {
      ...{ group, resource: 'rolebindings', kind: 'RoleBinding', namespaced: true },
      strategy: bindings('rolebindings', options),
    },
    { group, resource: 'roles', kind: 'Role', namespaced: true, strategy: roles('roles', options) },
  ]
}

function toResource(definition: Definition): Resource {
  const { group = '', resource, kind, convert, storageApiVersion, subresources } = definition
  return {
    ...{ group, resource, kind, listKind: `${kind}List`, singular: kind.toLowerCase() },
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    namespaced: definition.namespaced ?? false,
    verbs: definition.verbs ?? ALL,
    storage: resource,
    storageVersion: VERSION,
    versions: new Map([[VERSION, versionOf(definition)]]),
    builtIn: true,
    // Definitions are the only ones that a real API server keeps as JSON.
    strategy: shaped(definition.strategy, resource !== 'customresourcedefinitions'),
    ...(convert !== undefined && { convert }),
    ...(storageApiVersion !== undefined && { storageApiVersion }),
    ...(subresources !== undefined && { subresources: subresources.map(shapedSubresource) }),
  }
}

function versionOf({ group = '', kind, status = false, selectableFields = [] }: Definition): ResourceVersion {
  return {
    ...{ name: VERSION, served: true, status, columns: [], selectableFields },
    get schema() {
      return builtInSchema(group, VERSION, kind)
    },
  }
}

/** Objects go into and out of the hooks in the form that Go gives them. */
function shaped(strategy: Strategy, asProtobuf: boolean): Strategy {
  const { prepareForCreate, prepareForUpdate, validate, review } = strategy
  return {
    ...strategy,
    prepareForCreate(next, context) {
      goShape(next, asProtobuf)
      if (prepareForCreate === undefined) return
      prepareForCreate(next, context)
      goShape(next, asProtobuf)
    },
    prepareForUpdate(next, old, context) {
      goShape(next, asProtobuf)
      if (prepareForUpdate === undefined) return
      prepareForUpdate(next, old, context)
      goShape(next, asProtobuf)
    },
    ...(validate !== undefined &&
      asProtobuf && {
        validate: (next, old, context) =>
          validate(withoutNulls(next), old === undefined ? undefined : withoutNulls(old), context),
      }),
    ...(review !== undefined && {
      review(object, context) {
        goShape(object, false)
        const answer = review(object, context)
        goShape(answer, false)
        return answer
      },
    }),
  }
}

/** Go does not tell null from absent, so the rules need not either. */
function withoutNulls(object: KubeObject): KubeObject {
  const { metadata, ...rest } = object
  return { ...(stripped(rest) as Omit<KubeObject, 'metadata'>), metadata } as KubeObject
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped)
  if (typeof value !== 'object' || value === null) return value
  const kept: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) if (member !== null) setKey(kept, key, stripped(member))
  return kept
}

function shapedSubresource(subresource: Subresource): Subresource {
  const { create } = subresource
  if (create === undefined) return subresource
  return {
    ...subresource,
    create(parent, body, context) {
      const answer = create(parent, body, context)
      goShape(answer, false)
      return answer
    },
  }
}
