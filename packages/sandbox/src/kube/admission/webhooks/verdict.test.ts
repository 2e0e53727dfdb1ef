import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'
import { expect, test } from 'vitest'
import type { JsonValue } from '../../objects.ts'
import { verdictOf } from './verdict.ts'
import type { WebhookKind } from './webhook-index.ts'

type Vector = {
  name: string
  kind: WebhookKind
  /** apiVersion of the review and of the answer; that of v1 where absent. */
  sent?: string
  answered?: string
  response?: JsonValue
  gives: object
}

const V1 = 'admission.k8s.io/v1'
const vectors = parseJson<Vector[]>(readFileSync(new URL('./vectors/verdicts.json', import.meta.url), 'utf8'))

test.each(vectors)('a webhook answers with $name', ({ kind, sent = V1, answered = V1, response, gives }) => {
  const answer = { kind: 'AdmissionReview', apiVersion: answered, ...(response !== undefined && { response }) }
  expect(verdictOf(answer, kind, { uid: 'u', apiVersion: sent })).toEqual(gives)
})
