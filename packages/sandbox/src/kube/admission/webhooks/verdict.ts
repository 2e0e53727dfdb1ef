import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import type { WebhookKind } from './webhook-index.ts'

/** What a webhook said: `patch` is JSON of an RFC 6902 patch, `result` the Status of a refusal. */
export type Verdict = { allowed: boolean; warnings: string[]; patch?: string; result?: JsonObject }

type Response = {
  uid?: string
  allowed?: boolean
  status?: JsonObject
  patch?: string
  patchType?: string
  warnings?: string[]
}

/** Reads an answer to the review `uid` as kube-apiserver does; answers what is wrong with it in its words. */
export function verdictOf(
  answer: JsonValue,
  kind: WebhookKind,
  { uid, apiVersion }: { uid: string; apiVersion: string },
): Verdict | { mistake: string } {
  if (!isObject(answer)) return { mistake: 'webhook response was absent' }
  const response = answer['response'] as Response | undefined | null
  if (response === undefined || response === null) return { mistake: 'webhook response was absent' }
  // The first version of the protocol left the uid and the type of a patch out.
  const isFirst = apiVersion.endsWith('/v1beta1')
  if (!isFirst && response.uid !== uid) {
    return { mistake: `expected response.uid="${uid}", got "${response.uid ?? ''}"` }
  }
  if (answer['kind'] !== 'AdmissionReview' || answer['apiVersion'] !== apiVersion) {
    const got = `${String(answer['apiVersion'] ?? '')}, Kind=${String(answer['kind'] ?? '')}`
    return { mistake: `expected webhook response of ${apiVersion}, Kind=AdmissionReview, got ${got}` }
  }
  const mistake = isFirst ? undefined : patchMistake(response, kind)
  if (mistake !== undefined) return { mistake }
  const { allowed = false, warnings = [], patch = '', status } = response
  return {
    allowed,
    warnings,
    ...(patch !== '' && kind === 'mutating' && { patch: Buffer.from(patch, 'base64').toString('utf8') }),
    ...(status !== undefined && status !== null && { result: status }),
  }
}

function patchMistake({ patch = '', patchType }: Response, kind: WebhookKind): string | undefined {
  if (kind === 'validating') {
    if (patch !== '') return 'validating webhook may not return response.patch'
    return patchType === undefined ? undefined : 'validating webhook may not return response.patchType'
  }
  if (patch !== '' && patchType === undefined) return 'webhook returned response.patch but not response.patchType'
  if (patch === '' && patchType !== undefined) return 'webhook returned response.patchType but not response.patch'
  return patchType === '' ? 'webhook returned invalid response.patchType of ""' : undefined
}
