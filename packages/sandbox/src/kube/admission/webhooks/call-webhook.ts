import { randomUUID } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import { JsonSyntaxError, parseJson } from '../../json.ts'
import type { AdmissionRequest, Question } from '../../requests/types.ts'
import { admissionReview } from './admission-review.ts'
import { sendReview } from './send-review.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import type { Webhook } from './webhook.ts'
import type { WebhookKind } from './webhook-index.ts'

/** What a call came to: a verdict, or why there is none. */
export type Call = Verdict | { mistake: string }

/** The question whether a webhook admits a request, whose objects it sees in `version`. */
export function webhookQuestion(
  kind: WebhookKind,
  { id, spec }: Webhook,
  request: AdmissionRequest,
  version: string,
): Question<Call> {
  const review = admissionReview(request, version, spec.admissionReviewVersions)
  const key = `${kind} ${id} ${stringifyJson([spec.clientConfig, review])}`
  return {
    key,
    answer: async () => {
      const uid = randomUUID()
      const sent = await sendReview(spec, stringifyJson({ ...review, request: { uid, ...review.request } }))
      if ('mistake' in sent) return { mistake: `failed to call webhook: ${sent.mistake}` }
      return read(sent.body, kind, { uid, apiVersion: review.apiVersion })
    },
  }
}

function read(body: string, kind: WebhookKind, of: { uid: string; apiVersion: string }): Call {
  try {
    const verdict = verdictOf(parseJson(body), kind, of)
    return 'mistake' in verdict ? { mistake: `received invalid webhook response: ${verdict.mistake}` } : verdict
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    return { mistake: `failed to call webhook: couldn't get version/kind; json parse error: ${error.message}` }
  }
}

/**
 * Passes on the warnings of a call and answers whether the webhook admits the request; undefined where it could not be asked and its
 * failurePolicy is to go on. Throws StatusError: the refusal, or 500 where it could not be asked.
 */
export function settle({ spec }: Webhook, call: Call, { warn }: AdmissionRequest): Verdict | undefined {
  if ('mistake' in call) {
    if (spec.failurePolicy === 'Ignore') return undefined
    throw StatusError.internal(`failed calling webhook "${spec.name}": ${call.mistake}`)
  }
  for (const text of call.warnings) warn(text)
  if (!call.allowed) throw refusal(spec.name, call)
  return call
}

function refusal(webhook: string, { result = {} }: Verdict): StatusError {
  const {
    code,
    reason = '',
    message = '',
    details,
  } = result as {
    code?: number
    reason?: string
    message?: string
    details?: ConstructorParameters<typeof StatusError>[3]
  }
  const by = `admission webhook "${webhook}" denied the request`
  const why = message !== '' ? message : reason
  const text = why === '' ? `${by} without explanation` : `${by}: ${why}`
  return new StatusError(code !== undefined && code >= 400 ? code : 400, reason, text, details ?? undefined)
}
