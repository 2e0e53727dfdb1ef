import { type Status, StatusError } from '../../errors.ts'

const TOO_OLD = 'The provided continue parameter is too old to display a consistent list result. '
const INCONSISTENT =
  'You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** A 410 whose Status has a token to go on with, at the price of consistency. */
class ContinueExpired extends StatusError {
  private readonly token: string

  constructor(token: string) {
    super(410, 'Expired', TOO_OLD + INCONSISTENT)
    this.token = token
  }

  override get status(): Status {
    const metadata = { continue: this.token } as unknown as Status['metadata']
    return { ...super.status, metadata }
  }
}

export function continueExpired(token: string): StatusError {
  return new ContinueExpired(token)
}

/** A list at a revision that is not kept any more. */
export function listTooOld(): StatusError {
  return StatusError.expired('The resourceVersion for the provided list is too old.')
}

/** A watch from a revision that is not kept any more. */
export function watchTooOld(revision: number, oldest: number): StatusError {
  return StatusError.expired(`too old resource version: ${revision} (${oldest})`)
}

/** A revision that is still to come. */
export function revisionTooLarge(revision: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${revision}, current: ${current}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return new StatusError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 })
}
