import type { DeletionOptions } from '../../scope.ts'

const OF_GARBAGE_COLLECTOR = ['orphan', 'foregroundDeletion']

/** An object's finalizers with those that the garbage collector shall act on, and without those that it shall not. */
export function finalizersFor(
  finalizers: readonly string[],
  options: Pick<DeletionOptions, 'orphanDependents' | 'propagationPolicy'>,
): readonly string[] {
  const others = finalizers.filter((name) => !OF_GARBAGE_COLLECTOR.includes(name))
  const policy = policyOf(finalizers, options)
  const added = policy === 'Orphan' ? ['orphan'] : policy === 'Foreground' ? ['foregroundDeletion'] : []
  // The order stays when nothing changed, so that a second deletion is none.
  const unchanged =
    added.every((name) => finalizers.includes(name)) && others.length + added.length === finalizers.length
  return unchanged ? finalizers : [...others, ...added]
}

function policyOf(
  finalizers: readonly string[],
  { orphanDependents, propagationPolicy }: Pick<DeletionOptions, 'orphanDependents' | 'propagationPolicy'>,
): DeletionOptions['propagationPolicy'] {
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  if (propagationPolicy !== undefined) return propagationPolicy
  const present = finalizers.find((name) => OF_GARBAGE_COLLECTOR.includes(name))
  if (present === undefined) return 'Background'
  return present === 'orphan' ? 'Orphan' : 'Foreground'
}
