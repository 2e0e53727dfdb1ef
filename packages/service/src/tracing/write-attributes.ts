import type { Write } from '@resource-broker/kube'
import type { Attributes } from './tracing.ts'

/** The name of a write as a step: `PATCH certificates/status`. */
export function writeName({ method, target, subresource }: Write): string {
  return `${method} ${target.resource}${subresource === undefined ? '' : `/${subresource}`}`
}

/** What a write is told by: neither what is written nor with which login. */
export function writeAttributes({ method, base, target, subresource }: Write, server: string): Attributes {
  const { group, version, resource } = target
  return {
    'http.request.method': method,
    'broker.cluster': clusterIn(base) ?? server,
    'broker.resource': group === '' ? resource : `${resource}.${group}`,
    'broker.version': version,
    ...(subresource === undefined ? {} : { 'broker.subresource': subresource }),
    ...('namespace' in target && target.namespace !== undefined ? { 'broker.namespace': target.namespace } : {}),
    ...('name' in target ? { 'broker.name': String(target.name) } : {}),
  }
}

/** The logical cluster that a path of kcp names last: `/services/apiexport/<of the export>/<name>/clusters/<cluster>`. */
function clusterIn(base: string): string | undefined {
  return base.match(/.*\/clusters\/([^/]+)/)?.[1]
}
