import type { Job, Pod } from './kinds.ts'

/** As a merge patch of the Job's status: null takes a field away. */
type JobStatus = Record<string, unknown>

/** What a Job needs next. A Pod that is created tells of itself by its watch. */
export type JobPlan = {
  status?: JobStatus
  createPod?: boolean
  /** Look again then, even if nothing tells of a change; in milliseconds. */
  againInMs?: number
}

/** Between attempts, doubled each time. Source: the Job controller of Kubernetes 1.34. */
const FIRST_RETRY_MS = 10_000
const LAST_RETRY_MS = 600_000
/** The API server's default. */
const BACKOFF_LIMIT = 6
const JOB_CONTROLLER = 'kubernetes.io/job-controller'

/**
 * What the Job controller would do for a Job of one Pod at a time, given the Pods that it has. A Pod that was deleted is no failed one
 * here. Pure; `now` is when it is.
 */
export function planJob(job: Job, pods: readonly Pod[], now: Date, firstRetryMs = FIRST_RETRY_MS): JobPlan {
  if (!isToRun(job)) return {}
  const inPhase = (...phases: string[]) => pods.filter(({ status }) => phases.includes(status?.phase ?? 'Pending'))
  const [succeeded, failed] = [inPhase('Succeeded').length, inPhase('Failed').length]
  const active = inPhase('Pending', 'Running').filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const counts = { succeeded: succeeded || null, failed: failed || null, uncountedTerminatedPods: {} }
  const status = { startTime: job.status?.startTime ?? now.toISOString(), ...counts, active: null, ready: 0 }
  if (succeeded > 0) return { status: { ...status, ...completed(now) } }
  if (failed > (job.spec.backoffLimit ?? BACKOFF_LIMIT)) return { status: { ...status, ...givenUp(now) } }
  if (active.length > 0) return { status: { ...status, active: active.length, ready: inPhase('Running').length } }
  const waitMs = failed === 0 ? 0 : Math.min(firstRetryMs * 2 ** (failed - 1), LAST_RETRY_MS)
  const leftMs = Math.max(...pods.map(finishedAt), 0) + waitMs - now.getTime()
  return failed > 0 && leftMs > 0 ? { status, againInMs: leftMs } : { status, createPod: true }
}

/** What a Job asks for that is not done here, by field; empty for one that is run. */
export function unsupported({ spec }: Job): string[] {
  const { completions = 1, parallelism = 1, completionMode = 'NonIndexed', template } = spec
  const { containers, initContainers = [] } = template.spec
  const found = {
    completions: completions !== 1,
    parallelism: parallelism > 1,
    completionMode: completionMode !== 'NonIndexed',
    activeDeadlineSeconds: spec.activeDeadlineSeconds !== undefined,
    podFailurePolicy: spec.podFailurePolicy !== undefined,
    initContainers: initContainers.length > 0,
    containers: containers.length !== 1,
    command: containers.some(({ command = [] }) => command.length === 0),
  }
  return Object.entries(found).flatMap(([field, isThere]) => (isThere ? [field] : []))
}

function isToRun({ metadata, spec, status }: Job): boolean {
  const isOver = status?.conditions?.some(
    (condition) => ['Complete', 'Failed'].includes(condition.type) && condition.status === 'True',
  )
  const isOurs = (spec.managedBy ?? JOB_CONTROLLER) === JOB_CONTROLLER
  return !isOver && isOurs && metadata.deletionTimestamp === undefined && !spec.suspend && spec.parallelism !== 0
}

/** The API server refuses Complete and Failed without the condition that announces them. */
function completed(now: Date): JobStatus {
  const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
  return { completionTime: now.toISOString(), conditions: conditions(['SuccessCriteriaMet', 'Complete'], why, now) }
}

function givenUp(now: Date): JobStatus {
  const why = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  return { conditions: conditions(['FailureTarget', 'Failed'], why, now) }
}

function conditions(types: string[], why: { reason: string; message: string }, now: Date): object[] {
  const time = now.toISOString()
  return types.map((type) => ({ type, status: 'True', lastProbeTime: time, lastTransitionTime: time, ...why }))
}

function finishedAt({ status }: Pod): number {
  const times = status?.containerStatuses?.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? '')) ?? []
  return Math.max(...times.filter((time) => !Number.isNaN(time)), 0)
}
