import { goQuote } from '../../go-text.ts'
import { qualifiedNameErrors } from '../../name-rules.ts'
import type { KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'

const STANDARD = ['orphan', 'foregroundDeletion', 'kubernetes']

/** What a client is told of an object that is accepted. */
export function warningsOf({ strategy, builtIn }: Resource, next: KubeObject, old?: KubeObject): string[] {
  const own = strategy.warnings?.(next, old) ?? []
  return builtIn ? own : [...own, ...finalizerWarnings(next.metadata.finalizers, old?.metadata.finalizers)]
}

/** What kube-apiserver warns of when a custom resource gets new finalizers. */
function finalizerWarnings(next: readonly string[] = [], old: readonly string[] = []): string[] {
  const added = [...new Set(next.filter((name) => !old.includes(name)))].sort()
  return added.flatMap((name) => {
    const prefix = `metadata.finalizers: ${goQuote(name)}: `
    const texts = qualifiedNameErrors(name).map((text) => `${prefix}${text}`)
    if (name.includes('/') || STANDARD.includes(name)) return texts
    const path = name.includes('.') ? ' including a path (/)' : ''
    const why = `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`
    return [...texts, `${prefix}${why}`]
  })
}
