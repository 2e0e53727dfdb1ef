import type { FieldError } from '../../errors.ts'
import { InOrder } from '../../go-text.ts'
import { deepEqual } from '../../json.ts'
import type { KubeObject, OwnerReference } from '../../objects.ts'
import { invalid } from '../../schema/field-errors.ts'

const FIELD = 'metadata.ownerReferences'

/** As apimachinery's ValidateOwnerReferences. */
export function ownerReferenceErrors(references: readonly OwnerReference[]): FieldError[] {
  const errors: FieldError[] = []
  let controller = ''
  for (const reference of references) {
    errors.push(...referenceErrors(reference))
    if (reference.controller !== true) continue
    const current = `${reference.kind}/${reference.name}`
    if (controller === '') controller = current
    else {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`
      errors.push(invalid(FIELD, references.map(inOrder), why))
    }
  }
  return errors
}

/** As Go prints its fields. */
function inOrder({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): InOrder {
  const fields = Object.entries({ apiVersion, kind, name, uid, controller, blockOwnerDeletion })
  return new InOrder(fields.filter(([, value]) => value !== undefined))
}

function referenceErrors(reference: OwnerReference): FieldError[] {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference
  const errors: FieldError[] = []
  const version = apiVersion.split('/').at(-1)
  if (version === '') errors.push(invalid(`${FIELD}.apiVersion`, apiVersion, 'version must not be empty'))
  for (const [field, value] of Object.entries({ kind, name, uid })) {
    if (value === '') errors.push(invalid(`${FIELD}.${field}`, value, 'must not be empty'))
  }
  if (apiVersion === 'v1' && kind === 'Event') {
    errors.push(invalid(FIELD, inOrder(reference), '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

/** Drops repeated owners, as kube-apiserver does with a warning. */
export function dedupOwnerReferences(object: KubeObject, warn: (text: string) => void, afterAdmission: boolean): void {
  const references = object.metadata.ownerReferences
  if (references === undefined || references.length < 2) return
  const kept: OwnerReference[] = []
  const repeated: string[] = []
  for (const reference of references) {
    if (kept.some((each) => deepEqual(each, reference))) repeated.push(reference.uid)
    else kept.push(reference)
  }
  if (repeated.length === 0) return
  object.metadata.ownerReferences = kept
  const when = afterAdmission ? ' after mutating admission happens' : ''
  warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  )
}
