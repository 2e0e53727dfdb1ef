import type { Mistake } from './kinds/kind.ts'
import { type GVK, MAX_NAME } from './kinds/meta.ts'
import { isRecord } from './records.ts'

/** An object that a provider made beside its copy, such as the Secret with a certificate. `gvk.group` "" is core. */
export type RelatedResource = { key: string; namespace?: string; name: string; gvk: GVK }

/** Most related resources of one object; further ones are a mistake. */
const MOST = 64

const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/
const KIND = /^[A-Za-z][A-Za-z0-9]*$/

/**
 * Reads `status.relatedResources`, which a provider wrote and may be anything: what is well formed, by key, and what is
 * wrong with the rest. Names are checked, since they end up in URLs.
 */
export function relatedResources(status: unknown): { related: RelatedResource[]; mistakes: Mistake[] } {
  const at = 'status.relatedResources'
  const field = isRecord(status) ? status['relatedResources'] : undefined
  if (field === undefined || field === null) return { related: [], mistakes: [] }
  if (!isRecord(field)) return { related: [], mistakes: [{ path: at, message: 'is not an object' }] }
  const keys = Object.keys(field).sort()
  const related: RelatedResource[] = []
  const mistakes: Mistake[] =
    keys.length > MOST ? [{ path: at, message: `has ${keys.length} entries; the first ${MOST} count` }] : []
  for (const key of keys.slice(0, MOST)) {
    const entry = readEntry(key, field[key])
    if (typeof entry === 'string') mistakes.push({ path: `${at}.${key}`, message: entry })
    else related.push(entry)
  }
  return { related, mistakes }
}

function readEntry(key: string, entry: unknown): RelatedResource | string {
  if (!isRecord(entry)) return 'is not an object'
  const { namespace = '', name, gvk } = entry
  if (typeof name !== 'string' || name.length > MAX_NAME || !SUBDOMAIN.test(name))
    return 'name is not the name of an object'
  if (typeof namespace !== 'string' || namespace.length > 63 || !(namespace === '' || LABEL.test(namespace))) {
    return 'namespace is not the name of a namespace'
  }
  const type = readKind(gvk)
  if (typeof type === 'string') return type
  return namespace === '' ? { key, name, gvk: type } : { key, namespace, name, gvk: type }
}

function readKind(gvk: unknown): GVK | string {
  if (!isRecord(gvk)) return 'gvk is missing'
  const { group = '', version, kind } = gvk
  if (typeof group !== 'string' || group.length > MAX_NAME || !(group === '' || SUBDOMAIN.test(group)))
    return 'gvk.group is not an API group'
  if (typeof version !== 'string' || version.length > 63 || !LABEL.test(version))
    return 'gvk.version is not an API version'
  if (typeof kind !== 'string' || kind.length > 63 || !KIND.test(kind)) return 'gvk.kind is not a kind'
  return { group: group === 'core' ? '' : group, version, kind }
}

/** Types of Secrets that give rights in the cluster where they lie: a provider must not plant one. */
const GIVE_RIGHTS: ReadonlySet<unknown> = new Set([
  'kubernetes.io/service-account-token',
  'bootstrap.kubernetes.io/token',
])

/** Whether a Secret of this type may be brought to another cluster. */
export const mayTravel = (type: unknown): boolean => !GIVE_RIGHTS.has(type)
