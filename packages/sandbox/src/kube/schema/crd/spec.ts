import type { FieldError } from '../../errors.ts'
import { dns1035Errors, subdomainErrors } from '../../name-rules.ts'
import type { JsonValue } from '../../objects.ts'
import { invalid, notSupported, required } from '../field-errors.ts'
import type { OpenApiSchema } from '../types.ts'
import { validateConversion } from './conversion.ts'
import { type CrdSpec, type CrdVersion, internalSpec, type Names, type Shared } from './crd-spec.ts'
import { internalVersions } from './internal-form.ts'
import { validateSchemaProps } from './schema-props.ts'
import { validateColumns, validateSelectableFields, validateSubresources } from './version-parts.ts'

/** `spec` of a CustomResourceDefinition. */
export function validateSpec(spec: CrdSpec): FieldError[] {
  const { names = {}, versions = [] } = spec
  const { top, versions: own } = internalSpec(spec)
  const status = top.subresources?.status !== undefined
  const anyStatus = versions.some(({ subresources }) => subresources?.status !== undefined)
  return [
    ...validateGroup(spec.group ?? ''),
    ...validateScope(spec.scope ?? ''),
    ...own.flatMap((version, at) => missingSchema(version, top, `spec.versions[${at}]`)),
    ...own.flatMap((version, at) => validateVersion(version, `spec.versions[${at}]`, status)),
    ...validateVersions(own),
    ...requiredNames(names),
    ...validateNames(names, 'spec.names'),
    ...validateShared(top, 'spec', 'validation', anyStatus),
    ...validateConversion(spec),
  ]
}

function validateGroup(group: string): FieldError[] {
  if (group === '') return [required('spec.group')]
  const wrong = subdomainErrors(group)
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))]
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

function validateScope(scope: string): FieldError[] {
  if (scope === '') return [required('spec.scope')]
  const scopes = ['Cluster', 'Namespaced']
  return scopes.includes(scope) ? [] : [notSupported('spec.scope', scope, scopes)]
}

function missingSchema(version: CrdVersion, top: Shared, path: string): FieldError[] {
  if (top.schema?.openAPIV3Schema !== undefined || version.schema?.openAPIV3Schema !== undefined) return []
  return [required(`${path}.schema.openAPIV3Schema`)]
}

function validateVersion(version: CrdVersion, path: string, sharedStatus: boolean): FieldError[] {
  const { name = '', deprecated = false, deprecationWarning, subresources } = version
  const wrong = dns1035Errors(name)
  const status = subresources === undefined ? sharedStatus : subresources.status !== undefined
  return [
    ...(wrong.length > 0 ? [invalid(`${path}.name`, name, wrong.join(','))] : []),
    ...deprecationErrors(deprecated, deprecationWarning).map((detail) =>
      invalid(`${path}.deprecationWarning`, deprecationWarning, detail),
    ),
    ...validateShared(version, path, 'schema', status),
  ]
}

/** What is wrong with the `deprecationWarning` of a version. */
export function deprecationErrors(deprecated: boolean, warning: string | undefined): string[] {
  if (warning === undefined) return []
  if (!deprecated) return ['can only be set for deprecated versions']
  const errors: string[] = []
  if (Buffer.byteLength(warning) > 256) errors.push('must be <= 256 characters long')
  if (warning === '') errors.push('must not be an empty string')
  const at = warning.search(/[^\P{C}]|[\u2028\u2029]/u)
  if (at >= 0) {
    errors.push(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`)
  }
  return errors
}

/** Parts that stand in a version, or at the top where all versions agree. */
function validateShared(part: Shared, path: string, schemaKey: string, status: boolean): FieldError[] {
  const schema: OpenApiSchema | undefined = part.schema?.openAPIV3Schema
  return [
    ...(schema === undefined ? [] : validateSchemaProps(schema, `${path}.${schemaKey}.openAPIV3Schema`, { status })),
    ...validateSubresources(part.subresources, `${path}.subresources`),
    ...validateColumns(part.additionalPrinterColumns ?? [], `${path}.additionalPrinterColumns`),
    ...validateSelectableFields(part.selectableFields ?? [], schema, `${path}.selectableFields`),
  ]
}

function validateVersions(versions: readonly CrdVersion[]): FieldError[] {
  const shown = internalVersions(versions as unknown as JsonValue[])
  const names = versions.map(({ name }) => name ?? '')
  const errors: FieldError[] = []
  if (new Set(names).size < names.length) {
    errors.push(invalid('spec.versions', shown, 'must contain unique version names'))
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'))
  }
  const [first = ''] = names
  const wrong = first === '' ? [] : dns1035Errors(first)
  return wrong.length === 0 ? errors : [...errors, invalid('spec.version', first, wrong.join(','))]
}

function requiredNames(names: Names): FieldError[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((key) => (names[key] ?? '') === '')
    .map((key) => required(`spec.names.${key}`))
}

/** Names in `spec.names` and in `status.acceptedNames`. */
export function validateNames(names: Names, path: string): FieldError[] {
  const { kind = '', listKind = '', shortNames = [], categories = [] } = names
  const errors: FieldError[] = []
  for (const key of ['plural', 'singular'] as const) {
    const name = names[key] ?? ''
    const wrong = name === '' ? [] : dns1035Errors(name)
    if (wrong.length > 0) errors.push(invalid(`${path}.${key}`, name, wrong.join(',')))
  }
  for (const [key, name] of Object.entries({ kind, listKind })) {
    const wrong = name === '' ? [] : dns1035Errors(name.toLowerCase())
    const detail = `may have mixed case, but should otherwise match: ${wrong.join(',')}`
    if (wrong.length > 0) errors.push(invalid(`${path}.${key}`, name, detail))
  }
  errors.push(...validateEach(shortNames, `${path}.shortNames`))
  if (kind !== '' && kind === listKind) {
    errors.push(invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same'))
  }
  return [...errors, ...validateEach(categories, `${path}.categories`)]
}

function validateEach(names: readonly string[], path: string): FieldError[] {
  return names.flatMap((name, at) => {
    const wrong = dns1035Errors(name)
    return wrong.length === 0 ? [] : [invalid(`${path}[${at}]`, name, wrong.join(','))]
  })
}
