import { stringifyJson } from '@resource-broker/json'
import { CompactedError, type Entry, type Page, type Range } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import type { ListMeta } from '../../table/mod.ts'
import { type ListOptions, readListOptions } from '../decoding/list-options.ts'
import type { Output } from '../decoding/media-types.ts'
import { listAnswer } from '../encoding/lists.ts'
import { apiVersionOf, LostVersionError } from '../object-reader.ts'
import type { Scope } from '../scope.ts'
import { type Continuation, decodeContinue, encodeContinue } from './continue-token.ts'
import { continueExpired, listTooOld, revisionTooLarge } from './expired.ts'
import { parseRevision } from './revisions.ts'
import { isSelected, type Selection, selectionOf } from './selection.ts'

/** What a list holds: entries with their JSON in the version of the request. */
export type Listed = { entries: Entry[]; items: Buffer[]; meta: ListMeta }

/** Answers a list; `name` is that of the URL. Throws StatusError. */
export function listObjects(scope: Scope, query: URLSearchParams, name: string, output: Output): HttpResponse {
  const options = readListOptions(query, false)
  const { items, meta } = readable(scope, options, () => collect(scope, options, selectionOf(scope, options, name)))
  return listAnswer(scope, output, items, meta)
}

/** Whole lists come from kube-apiserver's watch cache, which never fills while an object cannot be read. */
function readable(scope: Scope, { limit }: ListOptions, read: () => Listed): Listed {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof LostVersionError) || limit > 0) throw error
    const { group, kind } = scope.resource
    const what = `failed to list ${apiVersionOf(group, scope.version.name)}, Kind=${kind}: ${error.message}`
    throw StatusError.tooManyRequests(`storage is (re)initializing: ${what}`, 1)
  }
}

/** Reads what a list asks for from the store. Throws StatusError. */
export function collect(scope: Scope, options: ListOptions, selection: Selection): Listed {
  const { store } = scope.deps
  const continuation = options.continue === '' ? undefined : readContinuation(options)
  const exact = exactRevision(options, continuation, store.revision)
  // As the watch cache of kube-apiserver, which knows no limits for any state it likes.
  const limit = options.resourceVersion === '0' && continuation === undefined ? 0 : options.limit
  const whole = selection.matches === undefined
  const page = readPage(scope, selection, {
    ...(whole && limit > 0 && { limit }),
    ...(continuation !== undefined && { after: continuation.after }),
    ...(exact !== undefined && { revision: exact }),
  })
  return whole ? listed(scope, page, page.entries) : selected(scope, page, selection, limit)
}

function readPage(
  scope: Scope,
  { name }: Selection,
  options: { limit?: number; after?: Continuation['after']; revision?: number },
): Page {
  const { store } = scope.deps
  const single = name !== undefined && scope.cluster !== '*' && (!scope.resource.namespaced || scope.namespace !== '')
  if (single && options.revision === undefined && options.after === undefined) {
    const entry = store.get({ ...rangeOf(scope), cluster: scope.cluster, namespace: scope.namespace, name })
    return { entries: entry === undefined ? [] : [entry], revision: store.revision, more: false, remaining: 0 }
  }
  try {
    return store.list(rangeOf(scope), options)
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error
    if (options.after === undefined) throw listTooOld()
    throw continueExpired(encodeContinue({ revision: -1, after: options.after }))
  }
}

/** Entries are tested one by one until the page is full. */
function selected(scope: Scope, page: Page, selection: Selection, limit: number): Listed {
  const { reader } = scope.deps
  const entries: Entry[] = []
  let more = false
  for (const entry of page.entries) {
    if (!isSelected(selection, reader.bytes(scope.resource, scope.version, entry))) continue
    if (limit > 0 && entries.length === limit) {
      more = true
      break
    }
    entries.push(entry)
  }
  // The number that remains is not told to a client that selects: finding it out would take a look at all.
  return listed(scope, { ...page, more, remaining: -1 }, entries)
}

function listed(scope: Scope, { revision, more, remaining }: Page, entries: Entry[]): Listed {
  const { reader } = scope.deps
  const last = entries.at(-1)?.key
  const meta: ListMeta = { resourceVersion: String(revision) }
  if (more && last !== undefined) meta.continue = encodeContinue({ revision, after: last })
  if (more && remaining >= 0) meta.remainingItemCount = remaining
  return { entries, items: entries.map((entry) => reader.bytes(scope.resource, scope.version, entry)), meta }
}

/** The part of the store that a request is about. */
export function rangeOf({ resource, cluster, namespace }: Scope): Range {
  return {
    resource: resource.storage,
    ...(cluster !== '*' && { cluster }),
    ...(resource.namespaced && namespace !== '' && { namespace }),
  }
}

function readContinuation(options: ListOptions): Continuation {
  const continuation = decodeContinue(options.continue)
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw StatusError.badRequest('specifying resource version is not allowed when using continue')
  }
  return continuation
}

/** The one revision that has to be shown; undefined for the present one. Throws StatusError 400, 504. */
function exactRevision(
  options: ListOptions,
  continuation: Continuation | undefined,
  current: number,
): number | undefined {
  if (continuation !== undefined) {
    if (continuation.revision > current) throw revisionTooLarge(continuation.revision, current)
    return continuation.revision < 0 ? undefined : continuation.revision
  }
  if (options.resourceVersion === '') return undefined
  const revision = parseRevision(options.resourceVersion)
  if (revision === undefined) {
    const why = `resourceVersion: Invalid value: ${stringifyJson(options.resourceVersion)}: strconv.ParseUint: parsing ${stringifyJson(options.resourceVersion)}: invalid syntax`
    throw StatusError.badRequest(`invalid resource version: ${why}`)
  }
  const { resourceVersionMatch, limit } = options
  if (revision > current) throw revisionTooLarge(revision, current)
  const isExact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && revision > 0)
  return isExact ? revision : undefined
}

/** Throws StatusError 504 when a state is asked for that is not reached yet. */
export function checkNotOlderThan(revision: number, current: number): void {
  if (revision > current) throw revisionTooLarge(revision, current)
}
