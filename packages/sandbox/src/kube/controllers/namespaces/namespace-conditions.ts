import { describeFinalizers, describeRemaining, type Remaining } from '../remaining.ts'

type Condition = { type: string; status: 'True' | 'False'; reason: string; message: string }

/** How far the deletion of a namespace's content is, in the words of Kubernetes' namespace controller. */
export function contentConditions(left: readonly Remaining[]): Condition[] {
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
    contentRemaining(left),
    finalizersRemaining(left),
  ]
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message }
}

function contentRemaining(left: readonly Remaining[]): Condition {
  const type = 'NamespaceContentRemaining'
  if (left.length === 0) return no(type, 'ContentRemoved', 'All content successfully removed')
  return { type, status: 'True', reason: 'SomeResourcesRemain', message: describeRemaining(left) }
}

function finalizersRemaining(left: readonly Remaining[]): Condition {
  const type = 'NamespaceFinalizersRemaining'
  const waiting = describeFinalizers(left)
  if (waiting === undefined) return no(type, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
  const message = `Some content in the namespace has finalizers remaining: ${waiting}`
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message }
}
