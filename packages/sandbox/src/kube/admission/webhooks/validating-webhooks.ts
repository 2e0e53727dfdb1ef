import type { AdmissionPlugin, AdmissionRequest } from '../../requests/types.ts'
import { settle, webhookQuestion } from './call-webhook.ts'
import { candidates, type WebhookOptions, wantedVersion } from './webhook-plugin.ts'

/** Asks validating webhooks, all at once, as kube-apiserver's plugin ValidatingAdmissionWebhook. */
export class ValidatingWebhooks implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook'
  readonly #options: WebhookOptions

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  asks(about: Pick<AdmissionRequest, 'cluster' | 'resource'>): boolean {
    return candidates('validating', this.#options, about).length > 0
  }

  /** Throws the refusal of the first one that refuses; the warnings of those before it are told. */
  validate(request: AdmissionRequest): void {
    const { ask } = request
    if (ask === undefined) return
    const wanted = candidates('validating', this.#options, request).flatMap((webhook) => {
      const version = wantedVersion(webhook, request, this.#options)
      return version === undefined ? [] : [{ webhook, version }]
    })
    const calls = ask(wanted.map(({ webhook, version }) => webhookQuestion('validating', webhook, request, version)))
    for (const [index, call] of calls.entries()) settle(wanted[index]!.webhook, call, request)
  }
}
