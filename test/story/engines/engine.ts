import type { ManagedProcess } from '@resource-broker/testbed'
import type { Landscape, LandscapeOptions } from '../../support/landscape.ts'
import type { Teller } from '../tell.ts'

/** What has to be stopped, and what must not have stopped by itself. */
export type Running = { landscape?: Landscape; services: ManagedProcess[] }

/** What the story is played on. */
export type Engine = {
  /** Of the chapter in which everything starts. */
  title: string
  /** Where the logs are, in the directory that `start` was given. */
  logs: string
  /** Fetches or builds what is needed, before anything starts: a first run shows its wait as one list. */
  prepare: (tell: Teller) => Promise<void>
  start: (options: LandscapeOptions) => Promise<{
    landscape: Landscape
    /** Makes a provider issue certificates, and puts what it starts into `running`; answers by what. */
    startIssuing: (provider: string, running: Running) => Promise<string>
  }>
}
