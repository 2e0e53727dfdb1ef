import type { Change } from '../server/api-server.ts'

/** What somebody did, in one word. */
export function wordOf({ type, entry, before }: Change): string {
  if (type === 'ADDED') return 'creates'
  if (type === 'DELETED') return 'removes'
  const isLeaving = entry.object.metadata.deletionTimestamp !== undefined
  return isLeaving && before?.object.metadata.deletionTimestamp === undefined ? 'deletes' : 'changes'
}

/** What of an object matters to who reads a story: its identity, and what changed. */
export function detailsOf({ entry: { object }, before }: Change): string {
  const { uid, resourceVersion, finalizers } = object.metadata
  const changed = Object.entries(object).filter(
    ([name, value]) =>
      !['metadata', 'apiVersion', 'kind'].includes(name) &&
      JSON.stringify(value) !== JSON.stringify(before?.object[name]),
  )
  const guards =
    JSON.stringify(finalizers) === JSON.stringify(before?.object.metadata.finalizers)
      ? ''
      : ` finalizers=${finalizers ?? 'none'}`
  const text = changed.map(([name, value]) => `${name}=${short(value)}`).join(' ')
  return `(${uid}@${resourceVersion})${guards} ${text}`
}

function short(value: unknown): string {
  const {
    decision: _reasons,
    conditions,
    ...others
  } = (typeof value === 'object' && value !== null ? value : { value }) as Record<string, unknown>
  const said = Array.isArray(conditions)
    ? conditions
        .map((c: { type: string; status: string; reason: string }) => `${c.type}=${c.status}(${c.reason})`)
        .join(',')
    : ''
  return `${JSON.stringify(others).slice(0, 400)}${said === '' ? '' : ` [${said}]`}`
}
