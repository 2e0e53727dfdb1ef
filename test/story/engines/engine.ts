import type { ManagedProcess } from '@resource-broker/testbed'
import type { Landscape, LandscapeOptions, Site } from '../../support/landscape.ts'
import type { WatchObjects } from '../journal.ts'
import type { Teller } from '../tell.ts'

/** What has to be stopped, and what must not have stopped by itself. */
export type Running = { landscape?: Landscape; services: ManagedProcess[] }

/** What the story is played on. */
export type Engine = {
  /** Of the chapter in which everything starts. */
  title: string
  /** Where the logs are, in the directory that `start` was given. */
  logs: string
  /** The kinds of the platform's records that `kubectl get` can show. */
  records: string
  /** Folder with what providers apply: `acceptapi-internal.yaml`, `-external` and `-nowhere`. */
  offers: string
  /** Fetches or builds what is needed, before anything starts: a first run shows its wait as one list. */
  prepare: (tell: Teller) => Promise<void>
  start: (options: Pick<LandscapeOptions, 'dir' | 'consumers' | 'providers'>, tell: Teller) => Promise<Started>
}

type Started = {
  landscape: Landscape
  /** Makes a provider issue certificates, and puts what it starts into `running`; answers by what. */
  startIssuing: (provider: string, running: Running) => Promise<string>
  copies: Copies
}

/** The copies of consumers' objects, and what belongs to them, as their provider sees them. */
export type Copies = {
  /** What the copy of a consumer's object is called. */
  nameOf: (consumer: Site, name: string) => string
  /** Where copies are, for people. */
  where: string
  watch: (provider: Site) => WatchObjects
  /** A command that lists the Certificates among them. */
  kubectl: (provider: Site) => string
}
