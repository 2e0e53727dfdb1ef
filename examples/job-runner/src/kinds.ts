/** What is read of Jobs and Pods here; the API server has checked the rest. Source: k8s.io/api v0.34, batch/v1 and core/v1. */

export const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' }
export const PODS = { group: '', version: 'v1', resource: 'pods' }

/** The Job controller's own labels; the API server puts them into a Job's template. */
export const JOB_UID = 'batch.kubernetes.io/controller-uid'
export const JOB_NAME = 'batch.kubernetes.io/job-name'

type Metadata = {
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  deletionTimestamp?: string
}

type KeyRef = { name: string; key: string; optional?: boolean }
type SourceRef = { name: string; optional?: boolean }

export type EnvVar = {
  name: string
  value?: string
  valueFrom?: { secretKeyRef?: KeyRef; configMapKeyRef?: KeyRef; fieldRef?: { fieldPath: string } }
}

export type Container = {
  name: string
  image?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: { prefix?: string; secretRef?: SourceRef; configMapRef?: SourceRef }[]
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
}

type PodSpec = {
  containers: Container[]
  initContainers?: Container[]
  restartPolicy?: string
  terminationGracePeriodSeconds?: number
}

type Terminated = { exitCode: number; reason: string; message?: string; startedAt: string; finishedAt: string }

export type Pod = {
  metadata: Metadata
  spec: PodSpec
  status?: {
    phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
    containerStatuses?: { state?: { terminated?: Terminated } }[]
  }
}

export type Job = {
  metadata: Metadata
  spec: {
    backoffLimit?: number
    completions?: number
    parallelism?: number
    completionMode?: string
    activeDeadlineSeconds?: number
    podFailurePolicy?: object
    suspend?: boolean
    managedBy?: string
    template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec }
  }
  status?: { startTime?: string; conditions?: { type: string; status: string }[] }
}
