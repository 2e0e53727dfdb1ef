import type { Store } from '../../store/types.ts'
import type { Authorizer } from '../authorizer.ts'
import type { ControllerLog } from '../controller-log.ts'
import type { JsonObject } from '../objects.ts'
import type { Catalog, Resource, ResourceVersion } from '../resource.ts'
import type { UserInfo } from '../user.ts'
import type { ObjectReader } from './object-reader.ts'
import type { AdmissionPlugin, ApiRequest, Ask, DeleteOptions, Restriction } from './types.ts'

/** What an API server works with. */
export type ServerDeps = {
  store: Store
  catalog: Catalog
  authorizer: Authorizer
  /** Run in this order. */
  admission: readonly AdmissionPlugin[]
  clusterAnnotation: string
  now: () => Date
  /** Gives what is made by chance, such as a uid: the same again where a write is tried again. */
  draw: Draw
  log: ControllerLog
  /** Name in managedFields of what this process itself writes. */
  localManager: string
  reader: ObjectReader
}

/** `what` tells apart what is drawn for different ends. */
type Draw = <T>(what: string, make: () => T) => T

/** One version of one type, where it is asked for and by whom. */
export type Scope = {
  deps: ServerDeps
  /** Logical cluster, or `*`. */
  cluster: string
  user: UserInfo
  resource: Resource
  version: ResourceVersion
  subresource: string
  /** Empty for all namespaces and for cluster-scoped types. */
  namespace: string
  restriction?: Restriction
  /** Of a request of a client that admission may ask about. */
  ask?: Ask
}

/** One request of a client at a resource. */
export type Call = { scope: Scope; request: ApiRequest; warnings: string[] }

/** How a change is made. */
export type WriteOptions = {
  dryRun: boolean
  /** Of managedFields. */
  manager: string
  /** Fields of the CreateOptions or UpdateOptions that the client sent. */
  sent?: JsonObject
  /** Collects what the answer's Warning headers will say. */
  warn: (text: string) => void
  /** Before an update creates what is not there; throws StatusError 403. */
  authorizeCreate: () => void
  /** Whether no decoder has seen the new object: what its schema does not take is dropped once it was validated. */
  undecoded?: boolean
}

/** How a deletion is made; `orphanDependents` is the older form of `propagationPolicy`. */
export type DeletionOptions = DeleteOptions & { orphanDependents?: boolean } & Pick<
    WriteOptions,
    'dryRun' | 'sent' | 'warn'
  >
