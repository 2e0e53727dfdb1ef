import { type FieldError, StatusError } from '../kube/errors.ts'
import type { AdmissionRequest } from '../kube/requests/types.ts'

/** 403 for what admission does not let pass. */
export function refusal({ resource, name }: AdmissionRequest, why: string): StatusError {
  return StatusError.forbidden(resource, name, why)
}

/** 403 for what is wrong with fields: kcp's admission says with it what kube-apiserver says with 422. */
export function fieldRefusal(request: AdmissionRequest, ...errors: readonly FieldError[]): StatusError {
  const texts = errors.map(({ field, message }) => `${field}: ${message}`)
  return refusal(request, texts.length === 1 ? texts[0]! : `[${texts.join(' ')}]`)
}
