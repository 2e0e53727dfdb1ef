import { homeClusterName } from '../hashes.ts'

const SEGMENT = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const SYSTEM_PREFIX = 'system:'
const USER_SEGMENT = 'user'
const CLUSTERS_PREFIX = '/clusters/'

/** Whether `text` is a path, or a name, as the regex of contract 1.3 has it. `*` is none. */
export function isClusterPath(text: string): boolean {
  return text.split(':').every((segment) => SEGMENT.test(segment))
}

/** Whether `text` names a logical cluster without saying where it is: one segment, or anything below `system:`. */
export function isClusterName(text: string): boolean {
  return text.startsWith(SYSTEM_PREFIX) || !text.includes(':')
}

/** The segments of a path; `user:<name>` in front stands for that user's home (contract 1.5). */
export function pathSegments(path: string): string[] {
  if (path.startsWith(SYSTEM_PREFIX)) return [path]
  const segments = path.split(':')
  const [first, user, ...rest] = segments
  return first === USER_SEGMENT && user !== undefined ? [homeClusterName(user), ...rest] : segments
}

/** Takes `/clusters/<X>/<path>` apart (contract 1.1); undefined for other paths. `path` is decoded. */
export function splitClusterUrl(path: string): { cluster: string; path: string } | undefined {
  if (!path.startsWith(CLUSTERS_PREFIX)) return undefined
  const slash = path.indexOf('/', CLUSTERS_PREFIX.length)
  if (slash < 0) return { cluster: path.slice(CLUSTERS_PREFIX.length), path: '/' }
  return { cluster: path.slice(CLUSTERS_PREFIX.length, slash), path: path.slice(slash) }
}

/** As `splitClusterUrl`, of a path in which `/clusters/` stands behind something else, `before`. */
export function findClusterUrl(path: string): { before: string; cluster: string; path: string } | undefined {
  const start = path.indexOf(CLUSTERS_PREFIX)
  const url = start < 0 ? undefined : splitClusterUrl(path.slice(start))
  return url && { before: path.slice(0, start), ...url }
}

/** Where a logical cluster is served, below `base`, by its name or its path. */
export function clusterUrl(base: string, cluster: string): string {
  return `${base}${CLUSTERS_PREFIX}${cluster}`
}

/** `<path>:<name>`; only the name where there is no path. */
export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}:${name}`
}

/** Inverse of `joinPath`. */
export function splitPath(path: string): { parent: string; name: string } {
  const colon = path.lastIndexOf(':')
  return { parent: path.slice(0, Math.max(colon, 0)), name: path.slice(colon + 1) }
}
