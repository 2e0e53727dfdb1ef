import { stringifyJson } from '@resource-broker/json'
import { type FieldError, StatusError } from '../../errors.ts'
import type { HttpRequest } from '../../http.ts'
import { isObject, JsonSyntaxError } from '../../json.ts'
import type { JsonObject } from '../../objects.ts'
import { ProtobufError } from '../../protobuf/mod.ts'
import { invalid, notSupported } from '../../schema/field-errors.ts'
import { decodeBuiltIn } from '../../schema/mod.ts'
import { isTrue } from '../request-info.ts'
import type { DeletionOptions } from '../scope.ts'
import { parseDocumentBody } from './documents.ts'
import { inputType } from './media-types.ts'
import { SCHEME } from './objects.ts'
import { dryRunErrors } from './write-options.ts'

type Raw = {
  kind?: string
  apiVersion?: string
  propagationPolicy?: string
  gracePeriodSeconds?: number
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: string[]
}

const POLICIES = ['Foreground', 'Background', 'Orphan']
const GVK = { group: '', version: 'v1', kind: 'DeleteOptions' }
const GROUP = 'meta.k8s.io'

/** Options from the body, or from the query when there is none. Throws StatusError. */
export async function readDeleteOptions(http: HttpRequest): Promise<Omit<DeletionOptions, 'warn'>> {
  const body = await http.body()
  const raw = body.length > 0 ? fromBody(http, body) : fromQuery(http.query)
  const errors = optionErrors(raw)
  if (errors.length > 0) throw StatusError.invalid(GROUP, GVK.kind, '', errors)
  const { propagationPolicy, gracePeriodSeconds, orphanDependents, preconditions } = raw
  return {
    dryRun: (raw.dryRun ?? []).length > 0,
    ...(propagationPolicy !== undefined && { propagationPolicy: propagationPolicy as 'Foreground' }),
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(orphanDependents !== undefined && { orphanDependents }),
    ...(preconditions !== undefined && { preconditions }),
    sent: sentOf(raw),
  }
}

/** As Go writes them: without what says nothing. */
function sentOf({ kind: _, apiVersion: __, dryRun = [], ...rest }: Raw): JsonObject {
  return { ...(rest as JsonObject), ...(dryRun.length > 0 && { dryRun }) }
}

function fromBody(http: HttpRequest, body: Buffer): Raw {
  const value = parse(body, inputType(http, true))
  const kind = value['kind'] ?? 'DeleteOptions'
  if (kind !== 'DeleteOptions') {
    const version = stringifyJson(value['apiVersion'] ?? 'v1')
    throw malformed(`no kind ${stringifyJson(kind)} is registered for version ${version} in scheme "${SCHEME}"`)
  }
  const { object, error } = decodeBuiltIn({ ...value, kind: GVK.kind, apiVersion: GVK.version }, GVK)
  if (error !== undefined) throw malformed(error)
  return object as Raw
}

function parse(body: Buffer, mediaType: string): JsonObject {
  try {
    const { value } = parseDocumentBody(body, mediaType)
    return isObject(value) ? value : {}
  } catch (error) {
    if (error instanceof ProtobufError) throw malformed(error.message)
    if (!(error instanceof JsonSyntaxError)) throw error
    throw malformed(`couldn't get version/kind; json parse error: ${error.message}`)
  }
}

/** kube-apiserver takes what it cannot decode here for a failure of its own. */
function malformed(why: string): StatusError {
  return new StatusError(500, '', why)
}

function fromQuery(query: URLSearchParams): Raw {
  const policy = query.get('propagationPolicy')
  const grace = query.get('gracePeriodSeconds')
  const orphan = query.get('orphanDependents')
  return {
    ...(policy !== null && { propagationPolicy: policy }),
    ...(grace !== null && { gracePeriodSeconds: integer(grace) }),
    ...(orphan !== null && { orphanDependents: isTrue(orphan) }),
    dryRun: query.getAll('dryRun'),
  }
}

/** Throws StatusError 400 in the words of Go's strconv. */
export function integer(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw StatusError.badRequest(`strconv.ParseInt: parsing ${stringifyJson(text)}: invalid syntax`)
}

function optionErrors({ orphanDependents, propagationPolicy, dryRun }: Raw): FieldError[] {
  const errors: FieldError[] = []
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set'
    errors.push(invalid('propagationPolicy', propagationPolicy, why))
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']))
  }
  return [...errors, ...dryRunErrors(dryRun ?? [])]
}
