/** The bootstrap cannot go on; the message says where and why, in one line. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError'
  readonly code = 'Bootstrap'
}

/** Users of a nats-server cannot be written; the message says where and why, in one line. */
export class NatsUsersError extends Error {
  override readonly name = 'NatsUsersError'
  readonly code = 'NatsUsers'
}
