import { X509Certificate } from 'node:crypto'
import type { FieldError } from '../errors.ts'
import { goQuote, goStructJson } from '../go-text.ts'
import { labelErrors, subdomainErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import { duplicate, forbidden, invalid, invalidEach, notSupported, required, tooLong } from './field-errors.ts'
import { pemBlock, pkcs10Complaint } from './pkcs10.ts'

export type Condition = {
  type?: string
  status?: string
  lastUpdateTime?: string | null
  lastTransitionTime?: string | null
}
export type CertificateRequest = KubeObject & {
  spec?: {
    request?: string
    signerName?: string
    usages?: string[]
    expirationSeconds?: number
    username?: string
    uid?: string
    groups?: string[]
    extra?: Record<string, readonly string[]>
  }
  status?: { conditions?: Condition[] | null; certificate?: string }
}

const USAGES = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
]
const APPROVALS = ['Approved', 'Denied']
const ONLY_TRUE = [...APPROVALS, 'Failed']
const STATUSES = ['False', 'True', 'Unknown']
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const MIN_SECONDS = 600
const MAX_DOMAIN = 253
/** A domain, `/`, a name, `.` and a label. */
const MAX_SIGNER = MAX_DOMAIN + 1 + MAX_DOMAIN + 1 + 63

/** What is wrong with a request for a certificate, or with a change of it through `subresource`. */
export function validateRequest(
  next: CertificateRequest,
  old: CertificateRequest | undefined,
  subresource: string,
): FieldError[] {
  const errors = [...specErrors(next), ...conditionErrors(next), ...certificateErrors(next)]
  return old === undefined ? errors : [...errors, ...changeErrors(next, old, subresource)]
}

function specErrors({ spec = {} }: CertificateRequest): FieldError[] {
  const { request = '', usages = [], signerName = '', expirationSeconds } = spec
  const errors: FieldError[] = []
  const complaint = pkcs10Complaint(Buffer.from(request, 'base64').toString())
  if (complaint !== undefined) errors.push(invalid('spec.request', request === '' ? null : request, complaint))
  if (usages.length === 0) errors.push(required('spec.usages'))
  for (const [index, usage] of usages.entries()) {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES))
  }
  for (const [index, usage] of usages.entries()) {
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
  }
  if (signerName === LEGACY_SIGNER) {
    errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
  } else errors.push(...signerErrors(signerName))
  if (expirationSeconds !== undefined && expirationSeconds < MIN_SECONDS) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, why))
  }
  return errors
}

/** A signer is `<fully qualified domain>/<path>`. */
function signerErrors(name: string): FieldError[] {
  const path = 'spec.signerName'
  if (name === '') return [required(path)]
  const segments = name.split('/')
  if (segments.length !== 2) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    return [invalid(path, name, why)]
  }
  const [domain = '', last = ''] = segments
  const labels = domain.split('.')
  const errors = domain.length > MAX_DOMAIN ? [tooLong(path, MAX_DOMAIN)] : []
  errors.push(...firstBadLabel(path, domain, labels, labelErrors))
  if (labels.length < 2) {
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  }
  errors.push(...firstBadLabel(path, last, last.split('.'), subdomainErrors))
  if (name.length > MAX_SIGNER) errors.push(tooLong(path, MAX_SIGNER))
  return errors
}

/** Only the first one is reported: what is wrong with the next ones would look the same. */
function firstBadLabel(
  path: string,
  value: string,
  labels: readonly string[],
  rule: (label: string) => string[],
): FieldError[] {
  const bad = labels.find((label) => rule(label).length > 0)
  if (bad === undefined) return []
  return invalidEach(
    path,
    value,
    rule(bad).map((text) => `validating label ${goQuote(bad)}: ${text}`),
  )
}

function conditionErrors({ status = {} }: CertificateRequest): FieldError[] {
  const errors: FieldError[] = []
  const seen: string[] = []
  const path = 'status.conditions'
  for (const [index, { type = '', status: value = '' }] of (status.conditions ?? []).entries()) {
    const allowed = ONLY_TRUE.includes(type) ? ['True'] : STATUSES
    if (type === '') errors.push(required(`${path}[${index}].type`))
    if (value === '') errors.push(required(`${path}[${index}].status`))
    else if (!allowed.includes(value)) errors.push(notSupported(`${path}[${index}].status`, value, allowed))
    if (APPROVALS.some((each) => each !== type && APPROVALS.includes(type) && seen.includes(each))) {
      errors.push(invalid(path, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (seen.includes(type)) errors.push(duplicate(`${path}[${index}].type`, type))
    seen.push(type)
  }
  return errors
}

function certificateErrors({ status = {} }: CertificateRequest): FieldError[] {
  const text = Buffer.from(status.certificate ?? '', 'base64').toString()
  if (text === '') return []
  const refuse = (why: string) => [invalid('status.certificate', '<certificate data>', why)]
  const block = pemBlock(text)
  if (block === undefined) return refuse('must contain at least one CERTIFICATE PEM block')
  if (block.type !== 'CERTIFICATE') return refuse(`only CERTIFICATE PEM blocks are allowed, found "${block.type}"`)
  try {
    new X509Certificate(block.der)
    return []
  } catch {
    return refuse('x509: malformed certificate')
  }
}

function changeErrors(next: CertificateRequest, old: CertificateRequest, subresource: string): FieldError[] {
  const errors: FieldError[] = []
  const refuse = (why: string) => errors.push(forbidden('status.conditions', why))
  const of = ({ status }: CertificateRequest, type: string) =>
    (status?.conditions ?? []).filter((each) => each.type === type)
  for (const type of ONLY_TRUE) {
    if (of(next, type).length < of(old, type).length) refuse(`updates may not remove a condition of type "${type}"`)
  }
  if (subresource !== 'approval') {
    for (const type of APPROVALS) {
      const [after, before] = [of(next, type), of(old, type)]
      if (after.length > before.length) refuse(`updates may not add a condition of type "${type}"`)
      else if (after.length === before.length && goStructJson(after) !== goStructJson(before)) {
        refuse(`updates may not modify a condition of type "${type}"`)
      }
    }
  }
  const [certificate, known] = [next.status?.certificate ?? '', old.status?.certificate ?? '']
  if (certificate === known) return errors
  if (subresource !== 'status') {
    errors.push(forbidden('status.certificate', 'updates may not set certificate content'))
  } else if (known !== '') {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  }
  return errors
}
