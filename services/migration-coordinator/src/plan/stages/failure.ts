import type { KubeObject } from '@resource-broker/bus'

type Said = { conditions?: { type?: unknown; status?: unknown; reason?: unknown; message?: unknown }[] }

/**
 * Why an object has failed for good, by what is agreed on: a Job has the condition Failed, and any kind may have it, or Stalled
 * (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus). Undefined: it has not.
 */
export function whyFailed({ status }: KubeObject): string | undefined {
  const { conditions } = (status ?? {}) as Said
  if (!Array.isArray(conditions)) return undefined
  const condition = conditions.find(
    ({ type, status: is }) => (type === 'Failed' || type === 'Stalled') && is === 'True',
  )
  return condition && String(condition.message ?? condition.reason ?? condition.type)
}
