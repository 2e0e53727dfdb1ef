/** A URL of a virtual workspace (contract 1.13), taken apart. */
type VirtualUrl = {
  /** Logical cluster name, or `*`. */
  cluster: string
  /** Behind `/clusters/<cluster>`. */
  path: string
}

export type ExportUrl = VirtualUrl & { exportCluster: string; exportName: string }
/** Of an initializer or a terminator. */
export type StepUrl = VirtualUrl & { kind: 'initializing' | 'terminating'; step: string }
/** Of the schemas that are bound in a logical cluster. */
export type SchemasUrl = { consumer: string; path: string }

/** Of all virtual workspaces. */
export const SERVICES = '/services'

const EXPORT = /^\/services\/apiexport\/([^/]+)\/([^/]+)\/clusters\/([^/]+)(\/.*)?$/
const STEP = /^\/services\/(initializing|terminating)workspaces\/([^/]+)\/clusters\/([^/]+)(\/.*)?$/
const SCHEMAS = /^\/services\/apiresourceschema\/([^/:*]+)(?:\/clusters\/[^/]+)?(\/.*)?$/

/** `/services/apiexport/<cluster of the export>/<export>/clusters/<cluster>/<path>`; undefined for others. */
export function exportUrl(path: string): ExportUrl | undefined {
  const [matched, exportCluster = '', exportName = '', cluster = '', rest = '/'] = EXPORT.exec(path) ?? []
  return matched === undefined ? undefined : { exportCluster, exportName, cluster, path: rest }
}

/** `/services/initializingworkspaces/<initializer>/clusters/<cluster>/<path>`, and for terminators; undefined for others. */
export function stepUrl(path: string): StepUrl | undefined {
  const [matched, kind, step = '', cluster = '', rest = '/'] = STEP.exec(path) ?? []
  return matched === undefined ? undefined : { kind: kind as StepUrl['kind'], step, cluster, path: rest }
}

/** `/services/apiresourceschema/<consumer>/clusters/<anything>/<path>`; undefined for others. */
export function schemasUrl(path: string): SchemasUrl | undefined {
  const [matched, consumer = '', rest = '/'] = SCHEMAS.exec(path) ?? []
  return matched === undefined ? undefined : { consumer, path: rest }
}

/** Where a shard serves the virtual workspace of an export, below its `base`. */
export function exportUrlAt(base: string, exportCluster: string, exportName: string): string {
  return `${base}${SERVICES}/apiexport/${exportCluster}/${exportName}`
}

/** Where a shard serves an initializer or terminator, below its `base`. */
export function stepUrlAt(base: string, kind: 'initializing' | 'terminating', step: string): string {
  return `${base}${SERVICES}/${kind}workspaces/${step}`
}
