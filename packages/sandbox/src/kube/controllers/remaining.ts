import type { KubeObject } from '../objects.ts'
import type { Resource } from '../resource.ts'

/** Objects of one type that are still there, though they were to be deleted. */
export type Remaining = { resource: Resource; objects: readonly KubeObject[] }

/** How many objects of which types are left, in the words of Kubernetes' namespace controller, which are kcp's too. */
export function describeRemaining(remaining: readonly Remaining[]): string {
  return `Some resources are remaining: ${countRemaining(remaining)}`
}

/** The counts alone, one after the other. */
export function countRemaining(remaining: readonly Remaining[]): string {
  const counts = remaining.map(
    ({ resource, objects }) => `${resource.resource}.${resource.group} has ${objects.length} resource instances`,
  )
  return counts.sort().join(', ')
}

/** Which finalizers they wait for, in the same words; undefined where there are none. */
export function describeFinalizers(remaining: readonly Remaining[]): string | undefined {
  const objects = remaining.flatMap((each) => each.objects)
  const counts = new Map<string, number>()
  for (const name of objects.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const waiting = [...counts].map(([name, count]) => `${name} in ${count} resource instances`)
  return waiting.length === 0 ? undefined : waiting.sort().join(', ')
}
