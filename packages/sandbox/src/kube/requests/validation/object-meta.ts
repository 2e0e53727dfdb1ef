import type { FieldError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'
import { deepEqual } from '../../json.ts'
import { labelErrors, labelValueErrors, pathSegmentErrors, qualifiedNameErrors } from '../../name-rules.ts'
import type { ObjectMeta } from '../../objects.ts'
import { forbidden, invalid, required, tooLong } from '../../schema/field-errors.ts'
import { ownerReferenceErrors } from './owner-references.ts'

/** What is wrong with a name, or with a generateName when `generated`. */
export type NameRule = (name: string, generated: boolean) => string[]

const MAX_ANNOTATIONS = 256 * 1024

/** Any one segment of a path; what holds for all types, besides their own rule. */
export const pathSegmentRule: NameRule = (name) => pathSegmentErrors(name)

/** As apimachinery's ValidateObjectMeta. */
export function objectMetaErrors(meta: ObjectMeta, namespaced: boolean, nameRule: NameRule): FieldError[] {
  return [
    ...nameErrors(meta, nameRule),
    ...namespaceErrors(meta, namespaced),
    ...((meta.generation ?? 0) < 0
      ? [invalid('metadata.generation', meta.generation, 'must be greater than or equal to 0')]
      : []),
    ...mapErrors(meta),
    ...finalizerErrors(meta.finalizers ?? []),
  ]
}

/** Groups whose types are validated as those of the core, where a finalizer has to be a well-known or a qualified name. */
const STRICT_FINALIZERS = ['', 'certificates.k8s.io', 'rbac.authorization.k8s.io']
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

/** What is wrong with finalizers besides their form, for built-in types of a group. */
export function coreFinalizerErrors(group: string, { finalizers = [] }: ObjectMeta): FieldError[] {
  if (!STRICT_FINALIZERS.includes(group)) return []
  return finalizers.flatMap((name, index) => {
    if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return []
    const why = 'name is neither a standard finalizer name nor is it fully qualified'
    return [invalid(`metadata.finalizers[${index}]`, name, why)]
  })
}

/** As apimachinery's ValidateObjectMetaUpdate. */
export function objectMetaUpdateErrors(next: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) {
    const added = (next.finalizers ?? []).filter((each) => !(old.finalizers ?? []).includes(each))
    const list = [...new Set(added)].sort().map(goQuote).join(', ')
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
    if (added.length > 0) errors.push(forbidden('metadata.finalizers', why))
  }
  const fixed = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']
  for (const field of fixed as (keyof ObjectMeta)[]) {
    if (deepEqual(next[field], old[field])) continue
    errors.push(invalid(`metadata.${field}`, next[field] ?? null, 'field is immutable'))
  }
  return [...errors, ...mapErrors(next)]
}

function nameErrors({ name = '', generateName = '' }: ObjectMeta, rule: NameRule): FieldError[] {
  const errors: FieldError[] = []
  if (generateName !== '') {
    for (const text of rule(generateName, true)) errors.push(invalid('metadata.generateName', generateName, text))
  }
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'))
  else for (const text of rule(name, false)) errors.push(invalid('metadata.name', name, text))
  return errors
}

function namespaceErrors({ namespace = '' }: ObjectMeta, namespaced: boolean): FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')]
  if (namespace === '') return [required('metadata.namespace')]
  return labelErrors(namespace).map((text) => invalid('metadata.namespace', namespace, text))
}

/** Labels, annotations, owners and managed fields. */
function mapErrors({
  labels = {},
  annotations = {},
  ownerReferences = [],
  managedFields = [],
}: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels)) {
    for (const text of qualifiedNameErrors(key)) errors.push(invalid('metadata.labels', key, text))
    for (const text of labelValueErrors(value)) errors.push(invalid('metadata.labels', value, text))
  }
  let size = 0
  for (const [key, value] of Object.entries(annotations)) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
    for (const text of qualifiedNameErrors(key.toLowerCase())) errors.push(invalid('metadata.annotations', key, text))
  }
  if (size > MAX_ANNOTATIONS) errors.push(tooLong('metadata.annotations', MAX_ANNOTATIONS))
  if (ownerReferences.length > 0) errors.push(...ownerReferenceErrors(ownerReferences))
  for (const [index, entry] of managedFields.entries()) errors.push(...managedFieldErrors(entry, index))
  return errors
}

function managedFieldErrors(
  { operation, fieldsType }: { operation?: string; fieldsType?: string },
  index: number,
): FieldError[] {
  const path = `metadata.managedFields[${index}]`
  const errors: FieldError[] = []
  if (operation !== 'Apply' && operation !== 'Update') {
    errors.push(invalid(`${path}.operation`, operation ?? '', 'must be `Apply` or `Update`'))
  }
  if ((fieldsType ?? '') !== '' && fieldsType !== 'FieldsV1') {
    errors.push(invalid(`${path}.fieldsType`, fieldsType, 'must be `FieldsV1`'))
  }
  return errors
}

function finalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  for (const name of finalizers) {
    for (const text of qualifiedNameErrors(name)) errors.push(invalid('metadata.finalizers', name, text))
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set'
    errors.push(invalid('metadata.finalizers', finalizers, why))
  }
  return errors
}
