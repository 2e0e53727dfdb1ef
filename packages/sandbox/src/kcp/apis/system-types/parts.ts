import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { labelSelector, object, text, texts } from '../../clusters/schema-parts.ts'

/** Of an API, such as v1 or v2beta1. */
export const VERSION = '^v[1-9][0-9]*([a-z]+[1-9][0-9]*)?$'
const GROUP = '^(|[a-z0-9]([-a-z0-9]*[a-z0-9](\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?)$'
const RESOURCE = '^[a-z][-a-z0-9]*[a-z0-9]$'
const PATH = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'
const OBJECT_NAME = '^([a-z0-9][-a-z0-9_.]*)?[a-z0-9]$'

const EITHER_SELECTOR = {
  rule: '(has(self.all) && self.all) != (has(self.resourceSelector) && size(self.resourceSelector) > 0)',
  message: 'either "all" or "resourceSelector" must be set',
}
/** No rule in CEL: over a list without a limit it would cost more than a CustomResourceDefinition may ask for. */
const ONE_SELECTOR = [
  { properties: { matchAll: { enum: [true] } }, required: ['matchAll'] },
  { anyOf: [{ required: ['matchLabels'] }, { required: ['matchExpressions'] }] },
]

/** A list of objects that are told apart by `keys`. */
export function mapOf(description: string, items: OpenApiSchema, keys: readonly string[]): OpenApiSchema {
  const list: OpenApiSchema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...keys] }
  return { type: 'array', description, items, ...list }
}

/** A list of any objects. */
export function listOf(description: string, items: OpenApiSchema): OpenApiSchema {
  return { type: 'array', description, items }
}

/** A reference to an APIExport; `path` may be left out. */
export function exportReference(description: string, more: OpenApiSchema = {}): OpenApiSchema {
  return object(
    description,
    {
      path: text('Path or name of the logical cluster that the APIExport is in; without it, the one of this object.', {
        pattern: PATH,
      }),
      name: text('Name of the APIExport.'),
    },
    ['name'],
    more,
  )
}

/** What an APIExport claims, in v1alpha1 (contract 4.5). */
export function oldClaim(): OpenApiSchema {
  return object('What the provider wants to see of one type.', oldClaimFields(), ['resource'], {
    'x-kubernetes-validations': [EITHER_SELECTOR],
  })
}

/** What an APIBinding says to a claim, in v1alpha1 (contract 4.6). */
export function oldAcceptableClaim(): OpenApiSchema {
  const fields = { ...oldClaimFields(), state: state() }
  const rules = { 'x-kubernetes-validations': [EITHER_SELECTOR] }
  return object('What the consumer says to the claim of one type.', fields, ['resource', 'state'], rules)
}

/** What an APIExport claims, in v1alpha2 (contract 4.5). */
export function claim(): OpenApiSchema {
  const defaultSelector = selector('Objects that a binding which is made for the consumer lets the provider see.')
  const fields = { ...claimedType(), verbs: verbs(), defaultSelector }
  return object('What the provider wants to see of one type.', fields, ['resource', 'verbs'])
}

/** A claim with the objects that it is about, in v1alpha2. */
export function scopedClaim(): OpenApiSchema {
  // Provider and consumer may agree on no verb.
  const { minItems: _, ...agreed } = verbs()
  const fields = { ...claimedType(), verbs: agreed, selector: selector('The objects that the provider sees.') }
  return object('What the provider sees of one type.', fields, ['resource', 'verbs'])
}

/** What an APIBinding says to a claim, in v1alpha2 (contract 4.6). */
export function acceptableClaim(): OpenApiSchema {
  const scope = selector('The objects that the provider gets to see.')
  const fields = { ...claimedType(), verbs: verbs(), selector: scope, state: state() }
  const required = ['resource', 'verbs', 'selector', 'state']
  return object('What the consumer says to the claim of one type.', fields, required)
}

function claimedType(): Record<string, OpenApiSchema> {
  return {
    group: text('Group of the type; empty for the core group.', { default: '', pattern: GROUP }),
    resource: text('Plural of the type.', { pattern: RESOURCE }),
    identityHash: text(
      'status.identityHash of the APIExport that the type comes from; empty for types that are there everywhere.',
    ),
  }
}

function oldClaimFields(): Record<string, OpenApiSchema> {
  const name = text('Name of the object; without a namespace, in all of them.', {
    ...{ minLength: 1, maxLength: 253, pattern: OBJECT_NAME },
  })
  const namespace = text('Namespace of the object; without a name, all that is in it.', { minLength: 1 })
  const selected = object('Some objects.', { name, namespace }, [], {
    'x-kubernetes-validations': [
      { rule: 'has(self.__namespace__) || has(self.name)', message: 'at least one field must be set' },
    ],
  })
  return {
    ...claimedType(),
    all: { type: 'boolean', description: 'Whether all objects are claimed. Excludes resourceSelector.' },
    resourceSelector: listOf('The objects that are claimed, where not all are.', selected),
  }
}

function verbs(): OpenApiSchema {
  return texts('What the provider may do with the objects, as in RBAC; * for everything.', {
    ...{ minItems: 1, 'x-kubernetes-list-type': 'set' },
  })
}

function state(): OpenApiSchema {
  return text('What the consumer decided.', { enum: ['Accepted', 'Rejected'] })
}

function selector(description: string): OpenApiSchema {
  const { properties, ...rest } = labelSelector(description)
  const matchAll: OpenApiSchema = { type: 'boolean', description: 'Whether all objects are meant.' }
  return {
    ...rest,
    properties: { matchAll, ...properties },
    oneOf: ONE_SELECTOR,
  }
}
