import { goQuote } from '../../go-text.ts'
import type { HttpResponse } from '../../http.ts'
import type { Output } from '../decoding/media-types.ts'
import { objectAnswer } from '../encoding/answers.ts'
import type { Scope } from '../scope.ts'
import { requireVisible } from '../visible-entry.ts'
import { readScale } from '../writing/scale.ts'
import { checkNotOlderThan } from './list.ts'
import { noRevision, parseRevision } from './revisions.ts'

/** Answers with one object, or with its scale. Throws StatusError. */
export function getObject(scope: Scope, name: string, query: URLSearchParams, output: Output): HttpResponse {
  const { store, reader } = scope.deps
  const wanted = query.get('resourceVersion') ?? ''
  const revision = wanted === '' ? 0 : parseRevision(wanted)
  if (revision === undefined) throw noRevision(wanted, `resourceVersion: Invalid value: ${goQuote(wanted)}: `)
  checkNotOlderThan(revision, store.revision)
  const entry = requireVisible(scope, name)
  if (scope.subresource === 'scale') return objectAnswer(scope, output, readScale(scope, name))
  return objectAnswer(scope, output, reader.bytes(scope.resource, scope.version, entry))
}
