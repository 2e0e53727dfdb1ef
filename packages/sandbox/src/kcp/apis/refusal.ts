import { type FieldError, StatusError } from '../../kube/errors.ts'
import type { AdmissionRequest } from '../../kube/requests/types.ts'

/** 403 for what is wrong with fields: kcp's admission says with it what kube-apiserver says with 422. */
export function refusal({ resource, name }: AdmissionRequest, ...errors: readonly FieldError[]): StatusError {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`)
  return StatusError.forbidden(resource, name, texts.length === 1 ? texts[0]! : `[${texts.join(' ')}]`)
}
