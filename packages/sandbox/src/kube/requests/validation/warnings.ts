import type { KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'

/** What a client is told of an object that is accepted. */
export function warningsOf({ strategy, builtIn }: Resource, next: KubeObject, old?: KubeObject): string[] {
  const own = strategy.warnings?.(next, old) ?? []
  return builtIn ? own : [...own, ...finalizerWarnings(next.metadata.finalizers, old?.metadata.finalizers)]
}
