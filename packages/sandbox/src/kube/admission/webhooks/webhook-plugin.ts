import { StatusError } from '../../errors.ts'
import type { AdmissionRequest } from '../../requests/types.ts'
import { matchedVersion } from '../match-resources.ts'
import { isAdmissionConfiguration, namespaceOf, type SubjectOptions } from '../subject.ts'
import { variablesOf } from '../variables.ts'
import type { Webhook } from './webhook.ts'
import type { BoundWebhooks, WebhookKind } from './webhook-index.ts'

export type WebhookOptions = SubjectOptions & { bound: BoundWebhooks }

type About = Pick<AdmissionRequest, 'cluster' | 'resource'>

/** The webhooks of one kind that a request might be sent to: those of the logical cluster that its type is from. */
export function candidates(kind: WebhookKind, { bound, sourceOf }: WebhookOptions, about: About): readonly Webhook[] {
  if (!bound.has(kind) || isAdmissionConfiguration(about)) return []
  return bound.webhooks(kind, sourceOf(about))
}

/**
 * The version in which a webhook wants to see a request; undefined where it is not to be asked about it. Throws StatusError 403 where
 * its match conditions cannot be evaluated and its failurePolicy is to fail.
 */
export function wantedVersion(
  { match, conditions, spec }: Webhook,
  request: AdmissionRequest,
  { store }: WebhookOptions,
): string | undefined {
  if (match.resourceRules?.length === 0) return undefined
  const namespace = namespaceOf(store, request)
  const version = matchedVersion(match, request, namespace)
  if (version === undefined || conditions.isEmpty) return version
  const outcome = conditions.check({ ...variablesOf(request, version, undefined) })
  if (outcome === 'met') return version
  if (outcome === 'unmet' || spec.failurePolicy === 'Ignore') return undefined
  throw StatusError.forbidden(request.resource, request.name, outcome.mistake)
}
