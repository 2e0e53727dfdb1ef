import { copyName, fieldManager, keyOf, originOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAppliedBy, type ResourceRef } from '@resource-broker/kube'
import type { PartRule, Route } from '../part-watch.ts'
import { withoutNoise } from '../without-noise.ts'

/** A provider's objects of one brokered kind: those among them that stand where the copy of the origin that they claim would. */
export function copyRule(
  provider: string,
  { group, version, resource }: ResourceRef,
  seen: (route: Route, object: KubeObject | null) => void,
): PartRule<'copy'> {
  const gvr = { group, version, resource }
  return {
    part: 'copy',
    resource: gvr,
    route: ({ metadata }) => {
      const origin = originOf(metadata)
      if (origin === undefined || metadata.name !== copyName(origin.cluster, origin.name)) return undefined
      if (metadata.namespace !== origin.namespace) return undefined
      return { key: keyOf({ ...origin, gvr }), qualifier: provider }
    },
    message: (object) => ({
      provider,
      gvr,
      ours: object !== null && isAppliedBy(object, fieldManager),
      object: object === null ? null : withoutNoise(object),
    }),
    significant: ({ metadata, ...content }) => [
      metadata.deletionTimestamp,
      metadata.generation,
      metadata.annotations,
      content,
    ],
    seen,
  }
}
