import { stringifyJson } from '@resource-broker/json'
import type { FieldError } from '../../../kube/errors.ts'
import { deepEqual } from '../../../kube/json.ts'
import { dns1035Errors, subdomainErrors } from '../../../kube/name-rules.ts'
import { invalid, required } from '../../../kube/schema/field-errors.ts'
import {
  deprecationErrors,
  validateApproval,
  validateColumns,
  validateNames,
  validateSchemaProps,
  validateSelectableFields,
  validateSubresources,
} from '../../../kube/schema/mod.ts'
import type { ApiResourceSchema, SchemaVersion } from '../types.ts'
import { readSchema } from './read-schema.ts'

type Spec = ApiResourceSchema['spec']

/** What is read where there is no spec. */
const NOTHING: Spec = { group: '', names: { plural: '', kind: '' }, scope: '', versions: [] }
const PREFIX = '^[a-z]([-a-z0-9]*[a-z0-9])?$'
const CORE_GROUP = 'core'
/** Groups of Kubernetes itself that are no domains. */
const SHORT_GROUPS = ['apps', 'batch', 'extensions', 'policy', 'autoscaling']

/** What is wrong with an APIResourceSchema, `old` being what it replaces (contract 4.4), in the words of kcp. */
export function validateSchema(schema: ApiResourceSchema, old?: ApiResourceSchema): FieldError[] {
  const { metadata, spec = NOTHING } = schema
  if (old !== undefined && deepEqual(spec, old.spec)) return []
  return [
    ...validateName(metadata.name ?? '', spec),
    ...validateApproval(schema, { group: spec.group }, undefined),
    ...validateSpec(spec),
    ...(old === undefined ? [] : [invalid('spec', spec, 'is immutable')]),
  ]
}

function validateName(name: string, { group, names }: Spec): FieldError[] {
  const end = `.${names.plural}.${group === '' ? CORE_GROUP : group}`
  if (names.plural === '') return []
  if (!name.endsWith(end)) return [invalid('metadata.name', name, `must end in ${end}`)]
  if (new RegExp(PREFIX).test(name.slice(0, -end.length))) return []
  return [invalid('metadata.name', name, `must match ${PREFIX} in front of ${end}`)]
}

function validateSpec(spec: Spec): FieldError[] {
  const { names, versions, conversion } = spec
  const missing = (['plural', 'singular', 'kind', 'listKind'] as const).filter((key) => (names[key] ?? '') === '')
  const errors = [
    ...validateGroup(spec.group),
    ...versions.flatMap((version, at) => validateVersion(version, `spec.versions[${at}]`)),
  ]
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', versions, 'must have exactly one version marked as storage version'))
  }
  if (versions.length > 1 && conversion === undefined) {
    errors.push(required('spec.conversion', 'is required when there is more than one version'))
  }
  errors.push(...missing.map((key) => required(`spec.names.${key}`)))
  return [...errors, ...validateNames(names, 'spec.names')]
}

function validateGroup(group: string): FieldError[] {
  if (group === '') return []
  if (group === CORE_GROUP) return [invalid('spec.group', group, 'must be empty string for the core group')]
  const wrong = subdomainErrors(group)
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))]
  if (group.includes('.') || SHORT_GROUPS.includes(group)) return []
  return [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

function validateVersion(version: SchemaVersion, path: string): FieldError[] {
  const { name, deprecated = false, deprecationWarning, subresources, selectableFields = [] } = version
  const { schema, error } = readSchema(version.schema)
  if (error !== undefined) return [invalid(`${path}.schema`, stringifyJson(version.schema), `invalid JSON: ${error}`)]
  const wrong = dns1035Errors(name)
  const isEmpty = Object.keys(schema).length === 0
  const status = subresources?.status !== undefined
  return [
    ...(wrong.length > 0 ? [invalid(`${path}.name`, name, wrong.join(','))] : []),
    ...deprecationErrors(deprecated, deprecationWarning).map((detail) =>
      invalid(`${path}.deprecationWarning`, deprecationWarning, detail),
    ),
    ...(isEmpty ? [required(`${path}.schema`)] : validateSchemaProps(schema, `${path}.schema`, { status })),
    ...validateSubresources(subresources, `${path}.subresources`),
    ...validateColumns(version.additionalPrinterColumns ?? [], `${path}.additionalPrinterColumns`),
    ...validateSelectableFields(selectableFields, schema, `${path}.selectableFields`),
  ]
}
