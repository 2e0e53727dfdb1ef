import type { Injected } from '../../support/injections.ts'
import type { Asked } from './asked.ts'
import type { FailureWorld } from './world.ts'

/** One kind of request of the broker: how the world comes to where it is due, what makes it due, and which request it is then. */
export type RequestKind = Omit<Asked, 'subresource'> & {
  name: string
  subresource?: string
  /** Only a broker in a kcp sends it. */
  inKcp?: true
  /** Only one that has a compute cluster sends it. */
  isStaged?: true
  /** An answer after which all is well, so that there is nothing to tell. */
  isWell?: string
  /** What is about an AcceptAPI is told to the provider, what is about a record to the operator alone; the rest to the consumer. */
  about?: 'offer' | 'records'
  /** Places of alpha's offer. */
  capacity?: number
  prepare?: (world: FailureWorld) => void | Promise<void>
  trigger: (world: FailureWorld) => void | Promise<void>
  /** Answers of other servers that lead to the request. */
  besides?: (asked: Asked, world: FailureWorld) => Injected | undefined
}

/** Whether a request of the broker is of a kind. */
export function isOf(kind: RequestKind, { at, method, resource, subresource }: Asked): boolean {
  return kind.at === at && kind.method === method && kind.resource === resource && kind.subresource === subresource
}

/** An object of the consumer is there and served. */
export async function isServed(world: FailureWorld, spec: object = {}): Promise<void> {
  world.make({ value: 1, ...spec })
  await world.until(() => world.thing()?.status?.status === 'Available')
}
