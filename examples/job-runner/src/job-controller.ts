import { setTimeout as delay } from 'node:timers/promises'
import { isConflict, isNotFound, type KubeClient, type ObjectRef, Retries, readIfThere } from '@resource-broker/kube'
import { JOB_NAME, JOB_UID, JOBS, type Job, PODS, type Pod } from './kinds.ts'
import { planJob, unsupported } from './plan-job.ts'

type Options = {
  client: KubeClient
  say: (text: string) => void
  signal: AbortSignal
  /** Between the first and the second attempt, in milliseconds; as Kubernetes does if left out. */
  firstRetryMs?: number | undefined
}

/** Does what the Job controller does for a Job of one Pod at a time: makes the Pod and keeps the Job's status. */
export class JobController {
  readonly #options: Options
  readonly #retries: Retries
  /** By uid, where those are that are there now. */
  readonly #jobs = new Map<string, ObjectRef>()
  readonly #left = new Set<string>()

  constructor(options: Options) {
    this.#options = options
    this.#retries = new Retries({ failed: (_uid, error) => options.say(`${(error as Error).message}; trying again`) })
  }

  upsert(job: Job): void {
    const { uid, namespace, name } = job.metadata
    const asksFor = unsupported(job)
    if (asksFor.length > 0 && !this.#left.has(uid)) this.#options.say(`${name}: left alone for ${asksFor.join(', ')}`)
    if (asksFor.length > 0) this.#left.add(uid)
    else this.#jobs.set(uid, { ...JOBS, namespace, name })
    this.look(uid)
  }

  delete(uid: string): void {
    this.#left.delete(uid)
    this.#jobs.delete(uid)
    void this.#retries.drop(uid)
  }

  /** Something may have changed for the Job of this uid. */
  look(uid: string | undefined): void {
    const ref = uid === undefined ? undefined : this.#jobs.get(uid)
    if (uid === undefined || ref === undefined) return
    void this.#retries.run(uid, (signal) => this.#reconcile(ref, uid, signal), this.#options.signal)
  }

  async #reconcile(ref: ObjectRef, uid: string, signal: AbortSignal): Promise<void> {
    const { client, firstRetryMs } = this.#options
    for (;;) {
      // Read, not remembered: a Pod that was made a moment ago must not be made again.
      const job = await readIfThere<Job>(client, ref)
      if (job?.metadata.uid !== uid) return
      const pods = { ...PODS, namespace: ref.namespace }
      const { items } = await client.list<Pod>(pods, { labelSelector: `${JOB_UID}=${uid}` })
      const { status, createPod, againInMs } = planJob(job, items, new Date(), firstRetryMs)
      if (status !== undefined) await this.#patch(job, status)
      if (createPod) await this.#create(job)
      if (againInMs === undefined) return
      await delay(againInMs, undefined, { signal })
      this.#options.say(`${ref.name}: another attempt`)
    }
  }

  async #patch({ metadata, status: before }: Job, status: object): Promise<void> {
    const { namespace, name, uid } = metadata
    if (isSame(before, status)) return
    const options = { subresource: 'status', fieldManager: 'job-runner' } as const
    await this.#options.client
      .mergePatch({ ...JOBS, namespace, name }, { metadata: { uid }, status }, options)
      .catch(unlessGone)
  }

  async #create({ metadata, spec }: Job): Promise<void> {
    const { namespace, name, uid } = metadata
    const { labels, annotations } = spec.template.metadata ?? {}
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: `${name}-`,
        namespace,
        labels: { ...labels, [JOB_UID]: uid, [JOB_NAME]: name },
        annotations,
        ownerReferences: [owner],
      },
      spec: spec.template.spec,
    }
    await this.#options.client.create({ ...PODS, namespace }, pod, { fieldManager: 'job-runner' }).catch(unlessGone)
  }
}

/** It went with its namespace, or is another one by now, which its watch tells. */
function unlessGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error
}

/** Whether a merge patch would change nothing. */
function isSame(before: object | undefined, patch: object): boolean {
  const known = (before ?? {}) as Record<string, unknown>
  return Object.entries(patch).every(([field, value]) => {
    const is = known[field]
    if (value === null || value === 0) return is === undefined || is === value
    return typeof value === 'object' ? is !== undefined && Object.keys(value).length === 0 : is === value
  })
}
