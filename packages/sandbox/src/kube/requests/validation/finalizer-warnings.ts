import { goQuote } from '../../go-text.ts'
import { qualifiedNameErrors } from '../../name-rules.ts'

const STANDARD = ['orphan', 'foregroundDeletion', 'kubernetes']

/** What kube-apiserver warns of when a custom resource gets new finalizers. */
export function finalizerWarnings(next: readonly string[] = [], old: readonly string[] = []): string[] {
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
