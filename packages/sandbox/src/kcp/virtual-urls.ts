/** A URL of a virtual workspace (contract 1.13), taken apart. */
type VirtualUrl = {
  /** Logical cluster name, or `*`. */
  cluster: string
  /** Behind `/clusters/<cluster>`. */
  path: string
}

export type ExportUrl = VirtualUrl & { exportCluster: string; exportName: string }
export type InitializerUrl = VirtualUrl & { initializer: string }

/** Of all virtual workspaces. */
export const SERVICES = '/services'

const EXPORT = /^\/services\/apiexport\/([^/]+)\/([^/]+)\/clusters\/([^/]+)(\/.*)?$/
const INITIALIZER = /^\/services\/initializingworkspaces\/([^/]+)\/clusters\/([^/]+)(\/.*)?$/

/** `/services/apiexport/<cluster of the export>/<export>/clusters/<cluster>/<path>`; undefined for others. */
export function exportUrl(path: string): ExportUrl | undefined {
  const [matched, exportCluster = '', exportName = '', cluster = '', rest = '/'] = EXPORT.exec(path) ?? []
  return matched === undefined ? undefined : { exportCluster, exportName, cluster, path: rest }
}

/** `/services/initializingworkspaces/<initializer>/clusters/<cluster>/<path>`; undefined for others. */
export function initializerUrl(path: string): InitializerUrl | undefined {
  const [matched, initializer = '', cluster = '', rest = '/'] = INITIALIZER.exec(path) ?? []
  return matched === undefined ? undefined : { initializer, cluster, path: rest }
}

/** Where a shard serves the virtual workspace of an export, below its `base`. */
export function exportUrlAt(base: string, exportCluster: string, exportName: string): string {
  return `${base}${SERVICES}/apiexport/${exportCluster}/${exportName}`
}

/** Where a shard serves an initializer or terminator, below its `base`. */
export function stepUrlAt(base: string, kind: 'initializing' | 'terminating', step: string): string {
  return `${base}${SERVICES}/${kind}workspaces/${step}`
}
