import { StatusError } from '../../errors.ts'
import { deepClone, deepEqual } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../requests/types.ts'
import { settle, webhookQuestion } from './call-webhook.ts'
import { patchedByWebhook } from './patched-object.ts'
import type { Webhook } from './webhook.ts'
import { candidates, type WebhookOptions, wantedVersion } from './webhook-plugin.ts'

/** What is known of one request from the first round of webhooks to the second. */
type Rounds = {
  /** Asked already, with the policy to be asked again where others changed the object since. */
  asked: Set<string>
  /** To be asked again. */
  again: Set<string>
  /** As the last round left it. */
  output: KubeObject | undefined
}

/** Asks mutating webhooks, one after the other, as kube-apiserver's plugin MutatingAdmissionWebhook. */
export class MutatingWebhooks implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook'
  readonly #options: WebhookOptions
  readonly #rounds = new WeakMap<AdmissionRequest, Rounds>()

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  asks(about: Pick<AdmissionRequest, 'cluster' | 'resource'>): boolean {
    return candidates('mutating', this.#options, about).length > 0
  }

  mutate(request: AdmissionRequest): void {
    const webhooks = request.ask === undefined ? [] : candidates('mutating', this.#options, request)
    if (webhooks.length === 0) return
    const { reinvocation, object } = request
    const rounds = this.#rounds.get(request) ?? { asked: new Set(), again: new Set(), output: undefined }
    this.#rounds.set(request, rounds)
    if (reinvocation.isRunning && !deepEqual(rounds.output, object)) askAgain(rounds)
    for (const webhook of webhooks) {
      const version = wantedVersion(webhook, request, this.#options)
      if (version === undefined || (reinvocation.isRunning && !rounds.again.has(webhook.id))) continue
      if (this.#ask(webhook, request, version)) {
        askAgain(rounds)
        reinvocation.wanted = true
      }
      if (webhook.spec.reinvocationPolicy === 'IfNeeded') rounds.asked.add(webhook.id)
    }
    rounds.output = deepClone(object)
  }

  /** A deletion has nothing to change, and they are asked all the same. */
  validate(request: AdmissionRequest): void {
    if (request.operation === 'DELETE') this.mutate(request)
  }

  /** Answers whether the object was changed. */
  #ask(webhook: Webhook, request: AdmissionRequest, version: string): boolean {
    const [call] = request.ask!([webhookQuestion('mutating', webhook, request, version)])
    const patch = settle(webhook, call!, request)?.patch
    if (patch === undefined) return false
    if (request.object !== undefined) return patchedByWebhook(request, request.object, version, patch)
    const why = `admission webhook "${webhook.spec.name}" attempted to modify the object, which is not supported for this operation`
    throw StatusError.internal(why)
  }
}

function askAgain(rounds: Rounds): void {
  for (const id of rounds.asked) rounds.again.add(id)
  rounds.asked.clear()
}
