import type { FieldError } from './errors.ts'
import type { KubeObject } from './objects.ts'
import type { ObjectSchema } from './schema/types.ts'
import type { UserInfo } from './user.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export type PrinterColumn = {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  /** As in a CRD, for example `.spec.size`. */
  jsonPath: string
}

export type ScaleSubresource = { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }

export type ResourceVersion = {
  name: string
  served: boolean
  /** Sent as a Warning header. */
  deprecationWarning?: string
  schema: ObjectSchema
  status: boolean
  scale?: ScaleSubresource
  columns: readonly PrinterColumn[]
  /** JSON paths besides metadata.name and metadata.namespace, for example `.spec.color`. */
  selectableFields: readonly string[]
}

/** What a type does besides what its schema says; every hook is optional. Hooks may change `next`. */
export type Strategy = {
  /** Fills in, as decoding does: before managedFields are tracked and before admission. */
  applyDefaults?: (next: KubeObject) => void
  /** Before defaulting's result is validated. */
  prepareForCreate?: (next: KubeObject, context: StrategyContext) => void
  prepareForUpdate?: (next: KubeObject, old: KubeObject, context: StrategyContext) => void
  validate?: (next: KubeObject, old: KubeObject | undefined, context: StrategyContext) => FieldError[]
  /** What is accepted and still told, as Warning headers. */
  warnings?: (next: KubeObject, old: KubeObject | undefined) => string[]
  /** Cells of a Table row; without it the printer columns are used. */
  tableRow?: (object: KubeObject) => (string | number | boolean | null)[]
  /** Whether a changed spec raises metadata.generation; types of the built-in groups mostly have none. */
  hasGeneration?: boolean
  /** What is wrong with a name (or, `generated`, with a generateName); without it, names are DNS subdomains as those of custom resources. */
  validateName?: (name: string, generated: boolean) => string[]
  /** Whether an update of an object that is not there creates it. */
  allowCreateOnUpdate?: boolean
  /** Whether an update may leave out metadata.resourceVersion. */
  allowUnconditionalUpdate?: boolean
  /** Of types that are asked, not stored (SubjectAccessReview): answers a create. */
  review?: (object: KubeObject, context: StrategyContext) => KubeObject
}

/** A subresource other than status and scale, such as `serviceaccounts/token` or `namespaces/finalize`. */
export type Subresource = {
  name: string
  /** Kind of its body in discovery. */
  group: string
  version: string
  kind: string
  /** By default `create`, or else get, patch and update. */
  verbs?: readonly Verb[]
  /** Answers a create; the parent is not changed. */
  create?: (parent: KubeObject, body: KubeObject, context: StrategyContext) => KubeObject
  /** Changes the parent by the body of an update or patch. */
  update?: (parent: KubeObject, body: KubeObject, context: StrategyContext) => void
}

export type StrategyContext = { cluster: string; user: UserInfo; subresource: string; now: Date }

/** One type that is served. Immutable: a changed definition makes a new one. */
export type Resource = {
  group: string
  /** Plural. */
  resource: string
  singular: string
  kind: string
  listKind: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  verbs: readonly Verb[]
  /** While the definition of the type goes: its objects may still be changed, so that finalizers can be taken off; none is created. */
  isEnding?: true
  /** First segment of its keys in the store, for example `secrets` or `things.example.io:customresources`. */
  storage: string
  storageVersion: string
  versions: ReadonlyMap<string, ResourceVersion>
  /** Of a bound resource, the identity hash of its export. */
  identity?: string
  /** Whether protobuf bodies and strategic merge patches are taken, as for built-in types. */
  builtIn: boolean
  strategy: Strategy
  /**
   * Between versions that differ in more than apiVersion, as APIExports do, and Events of events.k8s.io, which are stored as
   * `storageApiVersion` v1. Gives a new object.
   */
  convert?: (object: KubeObject, apiVersion: string) => KubeObject
  /** apiVersion in the store, where it is not that of `storageVersion` in `group`. */
  storageApiVersion?: string
  subresources?: readonly Subresource[]
}

/** Which types are served where. */
export interface Catalog {
  /** All types served in a logical cluster; in `*`, the types of all of them, those of one name more than once. */
  list(cluster: string): readonly Resource[]
  /**
   * With `identity`, only the resource that is bound with it. In `*` without one, only a type that is the same in all logical
   * clusters (contract 1.11). Throws StatusError 503 for one that is known but not available.
   */
  find(cluster: string, group: string, resource: string, identity?: string): Resource | undefined
  /** Goes up when anything changed in `cluster`; discovery and OpenAPI are cached by it. */
  generation(cluster: string): number
}
