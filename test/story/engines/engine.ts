import type { ManagedProcess } from '@resource-broker/testbed'
import type { BrokerHome } from '../../support/broker.ts'
import type { Site } from '../../support/landscape.ts'
import type { Teller } from '../tell.ts'

/** What the story needs of a cluster, or of a workspace. */
export type StorySite = Pick<Site, 'name' | 'url' | 'kubeconfig' | 'client' | 'kube'>

export type StorySites = Record<'platform' | 'consumer' | 'internalca' | 'externalca', StorySite>

/** What was started so far; to be stopped in this order. */
export type Running = { services: ManagedProcess[]; stops: (() => Promise<void>)[] }

/** What the story is played on. */
export type Engine = {
  /** Of the chapter in which everything starts. */
  title: string
  /** Where the logs are, in the directory that `start` was given. */
  logs: string
  /** Fetches or builds what is needed, before anything starts: a first run shows its wait as one list. */
  prepare: (tell: Teller) => Promise<void>
  /** Starts everything but the broker, and tells of each. */
  start: (
    dir: string,
    running: Running,
    tell: Teller,
    signal: AbortSignal,
  ) => Promise<{ sites: StorySites; home: BrokerHome }>
}
