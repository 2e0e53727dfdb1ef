import {
  type Assignment,
  type AssignmentCopy,
  annotations,
  type CopyStatus,
  type DecisionRecord,
  exportAt,
  hasEnded,
  isMoveOf,
  type Migration,
  type MigrationState,
  openMoves,
} from '@resource-broker/api'

/** The fields of the Assignment's spec that a Migration may write. */
type AssignmentEdit = { providerCluster?: string; acceptAPIName?: string; copies: AssignmentCopy[] | null }

export type Step = {
  state: MigrationState
  /** One word for the Migration's Ready condition, and a sentence for people. */
  reason: string
  message: string
  edit?: AssignmentEdit
  /** Of the active copy, from the edit on: why the object is there, and through which APIExport; null: of none that is known. */
  active?: { decision?: DecisionRecord; apiExportName: string | null }
}

/** Why a move waits: one word for its Ready condition, and a sentence for people. */
export type Wait = { reason: string; message: string }

/** What the Migration cannot know by itself. */
export type Surroundings = {
  /** undefined: the Assignment is gone, is about to go, or was never there; one of another life of the object is another one. */
  assignment: Assignment | undefined
  /** What it waits for before it begins; undefined: it is its turn. */
  turn: Wait | undefined
  /** The MigrationConfiguration with stages that counts for its kinds, and what is wrong with that. */
  configuration: { name: string; mistakes: string | undefined } | undefined
}

/**
 * The next step of a Migration, or undefined if it waits for something that will be told. Pure: the state that was recorded and
 * the Assignment decide alone, so that a step done twice is done once.
 */
export function planStep(migration: Migration, around: Surroundings): Step | undefined {
  const state = migration.status?.state ?? 'Pending'
  if (hasEnded(migration)) return undefined
  const { assignment } = around
  if (assignment === undefined || !isMoveOf(migration, assignment))
    return { state: 'Failed', reason: 'ObjectDeleted', message: 'the object was deleted, and its Assignment with it' }
  if (assignment.status?.phase === 'Terminating')
    return { state: 'Failed', reason: 'ObjectDeleted', message: 'the object is being deleted' }
  switch (state) {
    case 'Pending':
      return begin(migration, assignment, around)
    case 'InitialInProgress':
      return awaitIncoming(migration, assignment)
    case 'InitialCompleted':
      return migration.spec.cancel === true && !hasSwitched(migration, assignment)
        ? rollBack(migration, assignment)
        : cutOver(migration, assignment)
    case 'CutoverInProgress':
      return finish(migration, assignment)
    default:
      return undefined
  }
}

function begin(migration: Migration, assignment: Assignment, { turn, configuration }: Surroundings): Step {
  const { from, cancel } = migration.spec
  // Asked for an incoming copy already means that the record of it was lost.
  if (cancel === true && isAskedFor(migration, assignment)) return rollBack(migration, assignment)
  if (cancel === true) return { state: 'RolledBack', reason: 'Cancelled', message: 'cancelled before it began' }
  if (assignment.spec.providerCluster !== from.providerCluster) {
    return {
      state: 'Failed',
      reason: 'Stale',
      message: `the object is at ${assignment.spec.providerCluster}, not at ${from.providerCluster}`,
    }
  }
  if (turn !== undefined) return hold(turn.reason, turn.message)
  if (configuration !== undefined) {
    const { name, mistakes } = configuration
    const stays = `: the object stays at ${from.providerCluster}`
    if (mistakes !== undefined)
      return hold('ConfigurationInvalid', `MigrationConfiguration ${name} cannot be used${stays}; ${mistakes}`)
    const message = `MigrationConfiguration ${name} asks for stages, which this version cannot run${stays}`
    return hold('StagesNotSupported', message)
  }
  return askForIncoming(migration, assignment)
}

/** A copy of an earlier time that leaves for good goes first: whatever is made beside it could go with it. */
function askForIncoming({ spec: { to }, status }: Migration, assignment: Assignment): Step {
  const leaving = copyOf(assignment, to.providerCluster)
  if (leaving?.uid !== undefined) {
    const why = leaving.message === undefined ? '' : `: ${leaving.message}`
    const message = `waits until the earlier copy at ${to.providerCluster} is gone${why}`
    return { ...hold('EarlierCopyLeaves', message), state: status?.state ?? 'Pending' }
  }
  const incoming: AssignmentCopy = {
    providerCluster: to.providerCluster,
    acceptAPIName: to.acceptAPIName,
    role: 'Incoming',
    ...named(to.apiExportName),
  }
  const message = `making a copy at ${to.providerCluster}`
  return {
    state: 'InitialInProgress',
    reason: 'IncomingCopy',
    message,
    edit: { copies: [...others(assignment, to.providerCluster), incoming] },
  }
}

/** kcp: a copy stays at the APIExport through which it was made. */
const named = (apiExportName: string | undefined) => (apiExportName === undefined ? {} : { apiExportName })

const isAskedFor = ({ spec: { to } }: Migration, { spec }: Assignment): boolean =>
  spec.copies?.some(({ providerCluster, role }) => providerCluster === to.providerCluster && role === 'Incoming') ??
  false

const hasSwitched = ({ spec: { to } }: Migration, { spec }: Assignment): boolean =>
  spec.providerCluster === to.providerCluster

const hold = (reason: string, message: string): Step => ({ state: 'Pending', reason, message })

function awaitIncoming(migration: Migration, assignment: Assignment): Step | undefined {
  const { to } = migration.spec
  if (migration.spec.cancel === true) return rollBack(migration, assignment)
  // It was taken back, and the record of why was lost: asked for again, it comes to the same end.
  if (!isAskedFor(migration, assignment)) return askForIncoming(migration, assignment)
  const copy = incomingOf(migration, assignment)
  if (copy?.ready === true)
    return { state: 'InitialCompleted', reason: 'IncomingReady', message: `the copy at ${to.providerCluster} is ready` }
  if (copy?.state === 'Failed') {
    const message = `the copy at ${to.providerCluster} failed: ${copy.message ?? 'it gives no reason'}; the object stays at ${assignment.spec.providerCluster}`
    return {
      state: 'Failed',
      reason: 'IncomingFailed',
      message,
      edit: { copies: without(assignment, to.providerCluster) },
    }
  }
  if (copy?.message === undefined) return undefined
  return {
    state: 'InitialInProgress',
    reason: 'IncomingCopy',
    message: `the copy at ${to.providerCluster} is not ready: ${copy.message}`,
  }
}

function rollBack({ spec }: Migration, assignment: Assignment): Step {
  const message = `cancelled; the object stays at ${assignment.spec.providerCluster}`
  return {
    state: 'RolledBack',
    reason: 'Cancelled',
    message,
    edit: { copies: without(assignment, spec.to.providerCluster) },
  }
}

function cutOver(migration: Migration, assignment: Assignment): Step | undefined {
  const { from, to, decision } = migration.spec
  if (!hasSwitched(migration, assignment) && incomingOf(migration, assignment)?.ready !== true) {
    return {
      state: 'InitialInProgress',
      reason: 'IncomingCopy',
      message: `the copy at ${to.providerCluster} is no longer ready`,
    }
  }
  const outgoing: AssignmentCopy = {
    providerCluster: from.providerCluster,
    acceptAPIName: from.acceptAPIName,
    role: 'Outgoing',
    ...named(exportAt(assignment, from.providerCluster)),
  }
  const copies = [
    ...others(assignment, to.providerCluster).filter(({ providerCluster }) => providerCluster !== from.providerCluster),
    outgoing,
  ]
  const edit = { providerCluster: to.providerCluster, acceptAPIName: to.acceptAPIName, copies }
  return {
    state: 'CutoverInProgress',
    reason: 'Cutover',
    message: `switching the consumer over to ${to.providerCluster}`,
    edit,
    active: {
      apiExportName: exportAt(assignment, to.providerCluster) ?? null,
      ...(decision === undefined ? {} : { decision }),
    },
  }
}

function finish({ spec }: Migration, assignment: Assignment): Step | undefined {
  const { from, to } = spec
  if (spec.cancel === true && mayNeverEnd(spec, assignment)) return abandon(spec, assignment)
  const outgoing =
    assignment.spec.copies?.some(({ providerCluster }) => providerCluster === from.providerCluster) ?? false
  if (outgoing) {
    if (assignment.status?.servedFrom !== to.providerCluster) return undefined
    const message = `the consumer is served from ${to.providerCluster}; the copy at ${from.providerCluster} is removed`
    return {
      state: 'CutoverInProgress',
      reason: 'RemovingOutgoing',
      message,
      edit: { copies: without(assignment, from.providerCluster) },
    }
  }
  const left = copyOf(assignment, from.providerCluster)
  if (left !== undefined && left.state !== AWAY) {
    const why = left.message === undefined ? '' : `: ${left.message}`
    const message = `the consumer is served from ${to.providerCluster}; waits until the copy at ${from.providerCluster} is gone${why}`
    return { state: 'CutoverInProgress', reason: 'RemovingOutgoing', message }
  }
  return {
    state: 'CutoverCompleted',
    reason: 'Completed',
    message: `moved from ${from.providerCluster} to ${to.providerCluster}`,
  }
}

/**
 * The new copy may never be ready again, as where its provider takes the object no more, or nobody can ask it whether it is, and the old
 * one stays for that.
 */
function mayNeverEnd({ from, to }: Migration['spec'], assignment: Assignment): boolean {
  const [old, next] = [copyOf(assignment, from.providerCluster), copyOf(assignment, to.providerCluster)]
  return next?.ready === false || old?.state === LEAVING
}

/** The move holds up no other one. What is left of the old copy is taken off without the record that it goes, so that it stays for whoever comes next. */
function abandon({ from, to }: Migration['spec'], assignment: Assignment): Step {
  const isReady = copyOf(assignment, to.providerCluster)?.ready === true
  const [why, until] = isReady ? ['cannot be asked whether it serves', 'does'] : ['is not ready', 'is']
  const message = `cancelled after the switch: the copy at ${to.providerCluster} ${why}, and the one at ${from.providerCluster} stays until another ${until}`
  return { state: 'Failed', reason: 'Cancelled', message, edit: { copies: without(assignment, from.providerCluster) } }
}

/** State of a copy that is to go, and stays until the active one is known to serve. */
const LEAVING = 'Leaving'

/** State of a copy at a provider that cannot be reached: it goes when the provider is back, and holds up nothing until then. */
const AWAY = 'Away'

/** What is said of the incoming copy, unless it is about a spec older than the one that the move was asked for: another copy's word. */
function incomingOf({ spec, metadata }: Migration, assignment: Assignment): CopyStatus | undefined {
  const copy = copyOf(assignment, spec.to.providerCluster)
  const wanted = Number(metadata.annotations?.[annotations.consumerGeneration] ?? 0)
  return copy?.observedGeneration !== undefined && copy.observedGeneration < wanted ? undefined : copy
}

function copyOf(assignment: Assignment, provider: string) {
  return assignment.status?.copies?.find(({ providerCluster }) => providerCluster === provider)
}

function others(assignment: Assignment, provider: string): AssignmentCopy[] {
  return (assignment.spec.copies ?? []).filter(({ providerCluster }) => providerCluster !== provider)
}

function without(assignment: Assignment, provider: string): AssignmentCopy[] | null {
  const left = others(assignment, provider)
  return left.length > 0 ? left : null
}

/** The copies that Migrations ask for, and none that runs accounts for. One that ends keeps all: its teardown reads there where copies may be. */
export function leftoversOf(assignment: Assignment, migrations: Migration[]): AssignmentCopy[] {
  if (assignment.status?.phase === 'Terminating') return []
  const ends = new Set(
    openMoves(migrations, assignment).flatMap(({ spec: { from, to } }) => [from.providerCluster, to.providerCluster]),
  )
  const { copies = [] } = assignment.spec
  return copies.filter(({ providerCluster, role }) => role !== 'Replica' && !ends.has(providerCluster))
}

/**
 * status.copies as it has to be once `edit` takes copies off, or undefined if it is so: one that nobody has recorded as made may have
 * been made meanwhile, and keeps the Assignment's word until its provider is asked.
 */
export function recordAfter({ spec, status }: Assignment, edit: AssignmentEdit): CopyStatus[] | undefined {
  const { copies: said = [] } = status ?? {}
  const asked = new Set([edit.providerCluster ?? spec.providerCluster, ...(edit.copies ?? []).map(providerOf)])
  const recorded = new Set(said.filter(({ applied }) => applied).map(providerOf))
  const left = (spec.copies ?? []).filter((copy) => !asked.has(providerOf(copy)) && !recorded.has(providerOf(copy)))
  if (left.length === 0) return undefined
  const names = new Set(left.map(providerOf))
  const words = left.map(({ providerCluster, apiExportName }): CopyStatus => {
    return { providerCluster, applied: true, ready: false, message: MAY_BE_THERE, ...named(apiExportName) }
  })
  return [...said.filter((copy) => !names.has(providerOf(copy))), ...words]
}

const MAY_BE_THERE = 'the copy is not wanted any more, and may have been made'

const providerOf = ({ providerCluster }: { providerCluster: string }): string => providerCluster
