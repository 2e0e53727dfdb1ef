import { type KubeClient, type WatchedObject, watchResource } from '@resource-broker/kube'
import { JobController } from './job-controller.ts'
import { JOB_UID, JOBS, type Job, PODS, type Pod } from './kinds.ts'
import { PodRunner } from './pod-runner.ts'

type Options = {
  client: KubeClient
  /** Added to the environment of every container. */
  environment?: Readonly<Record<string, string>>
  /** Between the first and the second attempt, in milliseconds; as Kubernetes does if left out. */
  firstRetryMs?: number
  say: (text: string) => void
  signal: AbortSignal
}

/** Runs the Jobs of a cluster until `signal` aborts; then the processes of those that run are ended. */
export async function runJobs({ client, environment = {}, firstRetryMs, say, signal }: Options): Promise<void> {
  const controller = new JobController({ client, say, signal, firstRetryMs })
  const runner = new PodRunner({ client, environment, say, signal })
  const jobOf = new Map<string, string | undefined>()
  const pods = {
    upsert: (object: WatchedObject) => {
      const pod = object as Pod
      const job = pod.metadata.labels?.[JOB_UID]
      jobOf.set(pod.metadata.uid, job)
      controller.look(job)
      return runner.upsert(pod)
    },
    delete: ({ uid }: { uid: string }) => {
      controller.look(jobOf.get(uid))
      jobOf.delete(uid)
      void runner.delete(uid)
    },
  }
  const jobs = {
    upsert: (object: WatchedObject) => controller.upsert(object as Job),
    delete: ({ uid }: { uid: string }) => controller.delete(uid),
  }
  await Promise.all([
    watchResource(client, JOBS, jobs, { signal }).ended,
    watchResource(client, { ...PODS, labelSelector: JOB_UID }, pods, { signal }).ended,
  ])
  await runner.stop()
}
