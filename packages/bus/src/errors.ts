/** A message or object that no retry can mend; the message is parked with this reason. */
export class TerminalError extends Error {
  readonly code = 'Terminal'
}

/** The NATS server cannot serve the broker: too old, JetStream off, or a stream of that name with other subjects. */
export class BusUnusableError extends Error {
  readonly code = 'BusUnusable'
}

export function isTerminal(error: unknown): error is TerminalError {
  return error instanceof TerminalError
}
