/** A message or object that no retry can mend; the message is parked with this reason. */
export class TerminalError extends Error {
  readonly code = 'Terminal'
}

/** A run that goes on after its replica lost the partition: it may write nothing more. */
export class OwnershipLostError extends Error {
  readonly code = 'OwnershipLost'
}

/** The NATS server cannot serve the broker: too old, JetStream off, or a stream of that name with other subjects. */
export class BusUnusableError extends Error {
  readonly code = 'BusUnusable'
}

export function isTerminal(error: unknown): error is TerminalError {
  return error instanceof TerminalError
}
