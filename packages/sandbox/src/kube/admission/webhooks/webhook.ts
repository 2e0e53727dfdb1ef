import type { JsonObject, KubeObject } from '../../objects.ts'
import { Conditions, type NamedExpression } from '../conditions.ts'
import type { MatchResources, Rule } from '../match-resources.ts'

/** How a webhook is reached: by its URL or as a Service, with base64 of the PEM of its CAs. */
export type WebhookClientConfig = {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  caBundle?: string
}

/** A webhook as it stands in its configuration, with its defaults. */
export type WebhookSpec = {
  name: string
  clientConfig: WebhookClientConfig
  rules?: Rule[]
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: JsonObject
  objectSelector?: JsonObject
  timeoutSeconds?: number
  reinvocationPolicy?: string
  admissionReviewVersions: string[]
  matchConditions?: NamedExpression[]
}

/** A MutatingWebhookConfiguration or a ValidatingWebhookConfiguration. */
export type WebhookConfiguration = KubeObject & { webhooks?: WebhookSpec[] }

/** A webhook that is ready to be asked. `id` is its own among those of its logical cluster. */
export type Webhook = { id: string; spec: WebhookSpec; match: MatchResources; conditions: Conditions }

/** The webhooks of configurations: by the name of those, then in their order, as kube-apiserver asks them. */
export function webhooksOf(configurations: readonly WebhookConfiguration[]): Webhook[] {
  const nameOf = ({ metadata }: WebhookConfiguration) => metadata.name ?? ''
  return configurations
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap((each) => (each.webhooks ?? []).map((spec, index) => ready(`${nameOf(each)}/${index}/${spec.name}`, spec)))
}

function ready(id: string, spec: WebhookSpec): Webhook {
  const { matchPolicy, namespaceSelector, objectSelector, rules = [], matchConditions } = spec
  const match = {
    ...(matchPolicy !== undefined && { matchPolicy }),
    ...(namespaceSelector !== undefined && { namespaceSelector }),
    ...(objectSelector !== undefined && { objectSelector }),
    resourceRules: rules,
  }
  return { id, spec, match, conditions: new Conditions(matchConditions) }
}
