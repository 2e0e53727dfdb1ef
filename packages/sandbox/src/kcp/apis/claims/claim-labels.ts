import { stringifyJson } from '@resource-broker/json'
import { setKey } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../../kube/requests/types.ts'
import { CLAIM_LABEL_PREFIX } from '../../names.ts'
import { refusal } from '../../refusal.ts'
import type { ClaimIndex } from './claim-index.ts'

/** Labels what is claimed, and keeps everybody's hands off these labels (contract 6.2). */
export function claimLabels(index: ClaimIndex): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/PermissionClaims',
    mutate(request) {
      if (!concerns(request)) return
      const { object, old, cluster, resource } = request
      const wanted = index.labelsFor(cluster, resource, object)
      relabel(
        object,
        wanted,
        (key) => old !== undefined && object.metadata.labels?.[key] === old.metadata.labels?.[key],
      )
    },
    validate(request) {
      if (!concerns(request)) return
      const { object, cluster, resource } = request
      const wanted = index.labelsFor(cluster, resource, object)
      const labels = object.metadata.labels ?? {}
      for (const [key, value] of wanted) {
        if (labels[key] !== value) throw refusal(request, `${key} must be set to ${stringifyJson(value)}`)
      }
      const unwanted = claimLabelsOf(object).find((key) => !wanted.has(key))
      if (unwanted !== undefined) throw refusal(request, `${unwanted} must not be set`)
    },
  }
}

/** Gives an object the claims' labels `wanted`, and takes off those others that `isStale`. */
export function relabel(
  object: KubeObject,
  wanted: ReadonlyMap<string, string>,
  isStale: (key: string) => boolean = () => true,
): void {
  const { metadata } = object
  for (const key of claimLabelsOf(object)) if (!wanted.has(key) && isStale(key)) delete metadata.labels![key]
  if (wanted.size === 0) return
  const labels = metadata.labels ?? {}
  for (const [key, value] of wanted) setKey(labels, key, value)
  metadata.labels = labels
}

function claimLabelsOf({ metadata }: KubeObject): string[] {
  return Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith(CLAIM_LABEL_PREFIX))
}

/** Subresources change no labels; reviews have none. */
function concerns(request: AdmissionRequest): request is AdmissionRequest & { object: KubeObject } {
  return request.object?.metadata !== undefined && request.subresource === ''
}
