import type {
  Assignment,
  AssignmentCopy,
  DecisionRecord,
  Migration,
  MigrationConfiguration,
  MigrationState,
  StageStatus,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** The fields of the Assignment's spec that a Migration may write. */
export type AssignmentEdit = { providerCluster?: string; acceptAPIName?: string; copies: AssignmentCopy[] | null }

/** What a Migration keeps of the MigrationConfiguration that it began with. */
export type Snapshot = Pick<Migration['spec'], 'configuration' | 'stages'>

/** One of the two copies in expressions. */
export type Side = 'from' | 'to'

/** A related object of a copy that is put beside what a stage deploys, as `<side>-<name>`. */
export type Mirror = { side: Side; kind: 'Secret' | 'ConfigMap'; namespace: string; name: string; cluster: string }

/** What an attempt of a stage deploys: `objects` by the keys of their templates. */
export type Deployment = {
  stage: string
  attempt: number
  objects: Readonly<Record<string, KubeObject>>
  mirrors: readonly Mirror[]
}

/** In this order: the snapshot, what is deployed, the edit of the Assignment, and the record of all in the Migration. */
export type Step = {
  state: MigrationState
  /** One word for the Migration's Ready condition, and a sentence for people. */
  reason: string
  message: string
  edit?: AssignmentEdit
  /** Of the active copy, from the edit on: why the object is there, and through which APIExport; null: of none that is known. */
  active?: { decision?: DecisionRecord; apiExportName: string | null }
  deploy?: Deployment
  /** Kept in the spec of the Migration as it begins. */
  snapshot?: Snapshot
  /** The stage that the move is at, and how it stands now. */
  stage?: StageStatus
  /** No Event says it: one elsewhere speaks for many. */
  quiet?: true
  /** After so many milliseconds it is looked at again, whatever is heard until then. */
  againMs?: number
}

/** Why a move waits: one word for its Ready condition, and a sentence for people. */
export type Wait = { reason: string; message: string; quiet?: true }

/** A copy as its provider has it, and the cluster that it was seen in. */
export type CopySeen = { cluster: string; object: KubeObject }

/** Something at the compute cluster that is there on account of a Migration; `stage` is undefined of what is mirrored. */
export type Staged = {
  group: string
  version: string
  resource: string
  namespace?: string
  name: string
  stage: string | undefined
  object: KubeObject
  /** Why it could not be deleted just now, for people. */
  remains?: string
}

/** What the Migration cannot know by itself. */
export type Surroundings = {
  /** undefined: the Assignment is gone, is about to go, or was never there; one of another life of the object is another one. */
  assignment: Assignment | undefined
  /** What it waits for before it begins; undefined: it is its turn. */
  turn: Wait | undefined
  /** The MigrationConfiguration with stages that counts for its kinds, and what is wrong with that. */
  configuration: { name: string; mistakes: string } | { name: string; object: MigrationConfiguration } | undefined
  /** Who has paused a move that has begun, for people. */
  paused: string | undefined
  /** null: there is none, as its provider says, or the platform of one that will not come back. */
  copies: Readonly<Partial<Record<Side, CopySeen | null>>>
  /** What is there on its account, and of what was: which uids are gone. */
  staged: readonly Staged[]
  gone: ReadonlySet<string>
  /** Whether there is a cluster for what stages deploy. */
  hasCompute: boolean
  /** Another Migration that takes the object back to where it was. */
  undoneBy: string | undefined
  /** The provider that was left because it was away is so still: what is there goes when that is back, and holds up nothing until then. */
  isFromAway?: boolean
  now: Date
}

/** A step, and what it was planned by. */
export type Plan = { migration: Migration; around: Surroundings; step: Step }
