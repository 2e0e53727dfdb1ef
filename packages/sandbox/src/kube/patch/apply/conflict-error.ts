import { StatusError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'
import { type FieldSet, pathsOf } from './field-set.ts'
import type { Owner } from './managed.ts'
import { compareText, type PathElement, showElement } from './path-element.ts'
import type { OwnershipConflict } from './updater.ts'

/** The 409 about fields that others own. */
export function conflictError({ conflicts }: OwnershipConflict): StatusError {
  const sorted = [...conflicts].sort(([a], [b]) => compareText(a, b)).map(([, conflict]) => conflict)
  const causes = sorted.flatMap(({ owner, fields }) =>
    shownPaths(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${showOwner(owner)}`,
      field,
    })),
  )
  return new StatusError(409, 'Conflict', messageOf(sorted, causes.length), { causes })
}

function messageOf(conflicts: readonly { owner: Owner; fields: FieldSet }[], count: number): string {
  const [first] = conflicts
  if (count === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${showOwner(first.owner)}: ${shownPaths(first.fields)[0]}`
  }
  const lines = conflicts.flatMap(({ owner, fields }) => [
    `conflicts with ${showOwner(owner)}:`,
    ...shownPaths(fields).map((path) => `- ${path}`),
  ])
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`
}

function shownPaths(fields: FieldSet): string[] {
  return pathsOf(fields).map((path) => path.map((element: PathElement) => showElement(element)).join(''))
}

function showOwner({ manager, subresource, operation, apiVersion }: Owner): string {
  const name = `${goQuote(manager)}${subresource === '' ? '' : ` with subresource ${goQuote(subresource)}`}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
