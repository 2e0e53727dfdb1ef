import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'

/** Hears of what is published on `subject`. That the server does not allow it is told where the connection's refusals are. */
export function listen(connection: NatsConnection, subject: string, hear: (message: Msg) => void): Subscription {
  const callback = (error: Error | null, message: Msg) => {
    if (error === null) hear(message)
  }
  return connection.subscribe(subject, { callback })
}
