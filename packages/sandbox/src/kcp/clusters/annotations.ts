import { MASTERS } from '../../kube/authn/mod.ts'
import { getKey, setKey } from '../../kube/json.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../kube/requests/types.ts'
import {
  CLAIM_LABEL_PREFIX,
  CLUSTER_ANNOTATION,
  OWNER_ANNOTATION,
  PATH_ANNOTATION,
  REQUIRED_GROUPS_ANNOTATION,
} from '../names.ts'
import { refusal } from '../refusal.ts'
import type { ClusterDirectory } from '../services.ts'

const RESERVED_SUFFIX = 'kcp.io'
/** Guarded by plugins of their own. */
const ALLOWED_ANNOTATIONS = [OWNER_ANNOTATION, REQUIRED_GROUPS_ANNOTATION, PATH_ANNOTATION]
/** Types whose objects say at which path they are (contract 2.2). */
const WITH_PATH = new Set([
  'apiexports.apis.kcp.io',
  'apibindings.apis.kcp.io',
  'workspacetypes.tenancy.kcp.io',
  'clustercachedresources.cache.kcp.io',
  'logicalclusters.core.kcp.io',
])
const LOGICAL_CLUSTER = 'logicalclusters.core.kcp.io'

/** Puts `kcp.io/cluster` on every object (contract 2.1), whatever the client wrote there. */
export const clusterAnnotation: AdmissionPlugin = {
  name: 'kcp.io/ClusterAnnotation',
  mutate({ object, cluster }) {
    if (object?.metadata !== undefined) annotate(object, CLUSTER_ANNOTATION, cluster)
  },
}

/** Keeps `kcp.io/path` right where it belongs, and wherever else it stands (contract 2.2). */
export function pathAnnotation(directory: ClusterDirectory): AdmissionPlugin {
  return {
    name: 'kcp.io/PathAnnotation',
    mutate({ object, cluster, resource, user }) {
      const type = `${resource.resource}.${resource.group}`
      if (object?.metadata === undefined) return
      // Its annotation is where the others have it from.
      if (type === LOGICAL_CLUSTER && user.groups.includes(MASTERS)) return
      const present = object.metadata.annotations?.[PATH_ANNOTATION]
      if (present !== undefined || WITH_PATH.has(type)) annotate(object, PATH_ANNOTATION, directory.pathOf(cluster))
    },
  }
}

/** Labels and annotations whose whole key ends in `kcp.io` are the system's (contract 2.3). */
export const reservedMetadata: AdmissionPlugin = {
  name: 'apis.kcp.io/ReservedMetadata',
  validate(request) {
    const { user, object, old } = request
    if (object?.metadata === undefined || user.groups.includes(MASTERS)) return
    const annotation = reservedChange(object.metadata.annotations, old?.metadata.annotations)
    if (annotation !== undefined) throw refusal(request, `modification of reserved annotation: "${annotation}"`)
    const label = reservedChange(object.metadata.labels, old?.metadata.labels)
    if (label !== undefined) throw refusal(request, `modification of reserved label: "${label}"`)
  },
}

function reservedChange(next: Record<string, string> = {}, old: Record<string, string> = {}): string | undefined {
  return [...Object.keys(old), ...Object.keys(next)].find(
    (key) => isReserved(key) && getKey(next, key) !== getKey(old, key),
  )
}

function isReserved(key: string): boolean {
  return key.endsWith(RESERVED_SUFFIX) && !key.startsWith(CLAIM_LABEL_PREFIX) && !ALLOWED_ANNOTATIONS.includes(key)
}

function annotate(object: NonNullable<AdmissionRequest['object']>, key: string, value: string): void {
  const { annotations } = object.metadata
  if (annotations?.[key] === value) return
  if (annotations === undefined || annotations === null) object.metadata.annotations = { [key]: value }
  else setKey(annotations, key, value)
}
