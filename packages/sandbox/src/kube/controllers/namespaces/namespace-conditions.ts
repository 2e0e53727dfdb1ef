import type { KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'

/** What is left of one type in a namespace that is being deleted. */
export type Content = { type: Resource; objects: readonly KubeObject[] }

type Condition = { type: string; status: 'True' | 'False'; reason: string; message: string }

/** How far the deletion of a namespace's content is, in the words of Kubernetes' namespace controller. */
export function contentConditions(left: readonly Content[]): Condition[] {
  return [
    no('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    no(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    no(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    remaining(left),
    finalizers(left),
  ]
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message }
}

function remaining(left: readonly Content[]): Condition {
  const type = 'NamespaceContentRemaining'
  if (left.length === 0) return no(type, 'ContentRemoved', 'All content successfully removed')
  const counts = left.map(({ type: { group, resource }, objects }) => {
    return `${resource}.${group} has ${objects.length} resource instances`
  })
  const message = `Some resources are remaining: ${counts.sort().join(', ')}`
  return { type, status: 'True', reason: 'SomeResourcesRemain', message }
}

function finalizers(left: readonly Content[]): Condition {
  const type = 'NamespaceFinalizersRemaining'
  const counts = new Map<string, number>()
  for (const { objects } of left) {
    for (const { metadata } of objects) {
      for (const name of metadata.finalizers ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  if (counts.size === 0) return no(type, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
  const texts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`)
  const message = `Some content in the namespace has finalizers remaining: ${texts.sort().join(', ')}`
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message }
}
