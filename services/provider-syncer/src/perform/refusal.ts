/** Why the broker itself does not do something at a server; the message is for the consumer. */
export class Refusal extends Error {
  readonly code = 'Refusal'
  readonly reason: 'CopyConflict' | 'RelatedConflict' | 'RelatedRefused' | 'RelatedMissing' | 'StatusRefused'

  constructor(reason: Refusal['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
