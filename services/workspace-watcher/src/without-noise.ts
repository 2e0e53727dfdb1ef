import type { KubeObject } from '@resource-broker/bus'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object without kubectl's copy of it in an annotation. */
export function withoutNoise(object: KubeObject): KubeObject {
  const { annotations } = object.metadata
  if (annotations === undefined || !(LAST_APPLIED in annotations)) return object
  const { [LAST_APPLIED]: _copy, ...others } = annotations
  return { ...object, metadata: { ...object.metadata, annotations: others } }
}
