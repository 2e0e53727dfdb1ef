import { JetStreamApiError } from '@nats-io/jetstream'
import { errors } from '@nats-io/transport-node'

/** A message or object that no retry can mend; the message is parked with this reason. */
export class TerminalError extends Error {
  readonly code = 'Terminal'
}

/** A message that the server takes of nobody, however often: larger than its `max_payload`. */
export class TooLargeError extends TerminalError {
  /** With the room that is kept for headers. */
  readonly bytes: number
  readonly limit: number

  constructor(subject: string, bytes: number, limit: number) {
    super(`${subject}: ${bytes} bytes, and the server takes ${limit}`)
    this.bytes = bytes
    this.limit = limit
  }
}

/** A publication that counts on what is not the last message of its subject any more: somebody else said something since. */
export class OvertakenError extends Error {
  readonly code = 'Overtaken'
  /** Of what is there, where that was read. */
  readonly sequence: number | undefined

  constructor(message: string, sequence?: number) {
    super(message)
    this.sequence = sequence
  }
}

/** A run that goes on after its replica lost the partition: it may write nothing more. */
export class OwnershipLostError extends Error {
  readonly code = 'OwnershipLost'
}

/** The NATS server cannot serve the broker: too old, JetStream off, or a stream of that name with other subjects. */
export class BusUnusableError extends Error {
  readonly code = 'BusUnusable'
}

/** The servers of a NATS cluster that are there are too few for what is to be made; it can be once more of them are. */
export class TooFewServersError extends Error {
  readonly code = 'TooFewServers'
}

export function isTerminal(error: unknown): error is TerminalError {
  return error instanceof TerminalError
}

export function isTooLarge(error: unknown): error is TooLargeError {
  return error instanceof TooLargeError
}

export function isOvertaken(error: unknown): error is OvertakenError {
  return error instanceof OvertakenError
}

/** Nobody answered, or nobody who takes these credentials now: they may be renewed, as those of a running process may. */
const AWAY = [errors.ConnectionError, errors.ClosedConnectionError, errors.TimeoutError, errors.RequestError]
const REFUSED = [errors.AuthorizationError, errors.UserAuthenticationExpiredError]

/**
 * What the system says where no way leads to a server now: its name has no address, as that of a Service in a cluster that starts, or its
 * address no route, or the connection broke. The NATS client passes it on, but for a refused connection.
 */
const NO_WAY = new Set<unknown>([
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
])

/** Whether NATS may be there later: no way leads there, it does not answer, has no leader or too few servers yet, or refuses the credentials as they are now. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof Error && 'code' in error && NO_WAY.has(error.code)) return true
  return [...AWAY, ...REFUSED, TooFewServersError].some((type) => error instanceof type) || isWithoutLeader(error)
}

/** "JetStream system temporarily unavailable" (error 10008 of the JetStream API): the servers of a cluster have yet to agree. */
export function isWithoutLeader(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10008
}

/** "stream not found" (error 10059 of the JetStream API). */
export function isMissingStream(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10059
}
