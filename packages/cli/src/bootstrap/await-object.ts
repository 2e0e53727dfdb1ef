import { setTimeout as delay } from 'node:timers/promises'
import { isForbidden, type KubeClient, KubeError, type ObjectRef, watchResource } from '@resource-broker/kube'
import { BootstrapError } from '../errors.ts'

type Condition = { type: string; status: string; reason?: string; message?: string }

/** An object of kcp, as far as the bootstrap looks at it. */
export type KcpObject = {
  metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> }
  spec?: Record<string, unknown>
  status?: { phase?: string; identityHash?: string; conditions?: Condition[] }
}

/** `what` says in a few words what is waited for. */
type Wait = { what: string; timeoutMs: number }

const ASK_AGAIN_MS = 100

/** The object, once `isReady`, by a watch. @throws {BootstrapError} when that takes too long, with the last that it said */
export async function awaitObject(
  client: KubeClient,
  { name, ...collection }: ObjectRef,
  isReady: (object: KcpObject) => boolean,
  { what, timeoutMs }: Wait,
): Promise<KcpObject> {
  const stopping = new AbortController()
  const timeout = AbortSignal.timeout(timeoutMs)
  let last: KcpObject | undefined
  try {
    return await new Promise<KcpObject>((resolve, reject) => {
      timeout.addEventListener('abort', () => {
        reject(new BootstrapError(`waited ${timeoutMs / 1000} s in vain for ${what}: ${lastWord(last)}`))
      })
      const upsert = (object: object) => {
        last = object as KcpObject
        if (isReady(last)) resolve(last)
      }
      const options = { ...collection, fieldSelector: `metadata.name=${name}` }
      watchResource(client, options, { upsert, delete: () => undefined }, { signal: stopping.signal })
    })
  } finally {
    stopping.abort()
  }
}

/** Asks until it is let: rights that were given a moment ago are not known everywhere at once. */
export async function untilAllowed(ask: () => Promise<unknown>, { what, timeoutMs }: Wait): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      const isRefusal = isForbidden(error) || (error instanceof KubeError && error.status === 401)
      if (!isRefusal) throw error
      if (performance.now() > deadline)
        throw new BootstrapError(`waited ${timeoutMs / 1000} s in vain for ${what}: ${error.message}`, { cause: error })
      await delay(ASK_AGAIN_MS)
    }
  }
}

export function hasCondition(type: string): (object: KcpObject) => boolean {
  return ({ status }) => (status?.conditions ?? []).some((each) => each.type === type && each.status === 'True')
}

function lastWord(object: KcpObject | undefined): string {
  if (object === undefined) return 'it is not there'
  const { phase, conditions = [] } = object.status ?? {}
  const untrue = conditions.find(({ status }) => status !== 'True')
  if (untrue === undefined) return `phase ${phase || 'unknown'}`
  return `${untrue.type} is ${untrue.status}: ${untrue.message || untrue.reason || 'it does not say why'}`
}
