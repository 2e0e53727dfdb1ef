import type { FieldError } from '../../errors.ts'
import { subdomainErrors } from '../../name-rules.ts'
import type { JsonValue, KubeObject } from '../../objects.ts'
import { invalid, required } from '../field-errors.ts'
import type { CrdSpec, Names } from './crd-spec.ts'
import { validateNames, validateSpec } from './spec.ts'

type Condition = { type: string; status: string }
type CrdStatus = { storedVersions?: string[]; acceptedNames?: Names; conditions?: Condition[] }

const APPROVAL = 'api-approved.kubernetes.io'
const APPROVAL_DOCUMENT = 'see https://github.com/kubernetes/enhancements/pull/1111'

/**
 * What kube-apiserver finds wrong with a CustomResourceDefinition, `old` being what it replaces; empty where nothing is. What
 * kube-apiserver fills in before it looks (singular, listKind, conversion, storedVersions of a new one) counts as there.
 */
export function validateCrd(crd: KubeObject, old?: KubeObject): FieldError[] {
  const spec = defaulted((crd['spec'] ?? {}) as CrdSpec)
  const status = (crd['status'] ?? {}) as CrdStatus
  const stored = withStorage(status.storedVersions, spec)
  return [
    ...(old === undefined ? validateName(crd.metadata.name ?? '', spec) : []),
    ...validateSpec(spec),
    ...(old === undefined ? [] : validateChange(spec, old)),
    ...validateNames(status.acceptedNames ?? {}, 'status.acceptedNames'),
    ...validateStored(stored, spec),
    ...validateApproval(crd, spec, old),
    ...validatePreserve(spec, old),
  ]
}

/** As the defaulting of apiextensions.k8s.io/v1. */
function defaulted(spec: CrdSpec): CrdSpec {
  const { kind = '', singular = '', listKind = '' } = spec.names ?? {}
  const names: Names = { ...spec.names }
  if (singular === '') names.singular = kind.toLowerCase()
  if (listKind === '' && kind !== '') names.listKind = `${kind}List`
  return { ...spec, names, conversion: spec.conversion ?? { strategy: 'None' } }
}

/** The first storage version is noted as stored before anything is checked. */
function withStorage(stored: readonly string[] | undefined, { versions = [] }: CrdSpec): readonly string[] | undefined {
  const storage = versions.find((version) => version.storage)?.name
  if (storage === undefined || stored?.includes(storage)) return stored
  return [...(stored ?? []), storage]
}

function validateName(name: string, { names, group = '' }: CrdSpec): FieldError[] {
  const wanted = `${names?.plural ?? ''}.${group}`
  const wrong = name === '' ? [] : subdomainErrors(name)
  if (name === '') return [required('metadata.name', 'name or generateName is required')]
  if (name !== wanted) wrong.push('must be spec.names.plural+"."+spec.group')
  return wrong.map((detail) => invalid('metadata.name', name, detail))
}

function validateStored(stored: readonly string[] | undefined, { versions = [] }: CrdSpec): FieldError[] {
  const path = 'status.storedVersions'
  if (stored === undefined || stored.length === 0) {
    return [invalid(path, stored ?? null, 'must have at least one stored version')]
  }
  const missing = versions
    .filter(({ name = '', storage }) => storage && !stored.includes(name))
    .map(({ name = '' }) => invalid(path, stored, `must have the storage version ${name}`))
  const names = versions.map(({ name }) => name)
  const gone = stored.flatMap((name, at) =>
    names.includes(name)
      ? []
      : [
          invalid(
            `${path}[${at}]`,
            name,
            `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
          ),
        ],
  )
  return [...missing, ...gone]
}

/** Group and plural never change; scope and kind not after the definition was established. */
function validateChange(spec: CrdSpec, old: KubeObject): FieldError[] {
  const before = defaulted((old['spec'] ?? {}) as CrdSpec)
  const { conditions = [] } = (old['status'] ?? {}) as CrdStatus
  const established = conditions.some(({ type, status }) => type === 'Established' && status === 'True')
  const fields: [string, JsonValue | undefined, JsonValue | undefined][] = [
    ...(established
      ? ([
          ['spec.scope', spec.scope, before.scope],
          ['spec.names.kind', spec.names?.kind, before.names?.kind],
        ] satisfies [string, JsonValue | undefined, JsonValue | undefined][])
      : []),
    ['spec.group', spec.group, before.group],
    ['spec.names.plural', spec.names?.plural, before.names?.plural],
  ]
  return fields
    .filter(([, next, previous]) => next !== previous)
    .map(([path, next]) => invalid(path, next, 'field is immutable'))
}

/** Groups of the Kubernetes community need an approval. */
export function validateApproval(
  crd: KubeObject,
  { group = '' }: Pick<CrdSpec, 'group'>,
  old: KubeObject | undefined,
): FieldError[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return []
  const approval = crd.metadata.annotations?.[APPROVAL]
  if (old !== undefined && stateOf(old.metadata.annotations?.[APPROVAL]) === stateOf(approval)) return []
  const path = `metadata.annotations[${APPROVAL}]`
  const rule = `protected groups must have approval annotation "${APPROVAL}"`
  if (stateOf(approval) === 'missing') return [required(path, `${rule}, ${APPROVAL_DOCUMENT}`)]
  if (stateOf(approval) !== 'invalid') return []
  const detail = `${rule} with either a URL or a reason starting with "unapproved", ${APPROVAL_DOCUMENT}`
  return [invalid(path, approval, detail)]
}

function stateOf(approval: string | undefined): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  if ((approval ?? '') === '') return 'missing'
  if (approval?.startsWith('unapproved')) return 'bypassed'
  const url = URL.parse(approval ?? '')
  return url !== null && url.host !== '' ? 'approved' : 'invalid'
}

function validatePreserve({ preserveUnknownFields }: CrdSpec, old: KubeObject | undefined): FieldError[] {
  if (!preserveUnknownFields || (old?.['spec'] as CrdSpec | undefined)?.preserveUnknownFields) return []
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [invalid('spec.preserveUnknownFields', true, detail)]
}
