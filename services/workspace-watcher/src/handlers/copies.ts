import { fieldManager } from '@resource-broker/api'
import type { KubeObject, ObjectRef } from '@resource-broker/bus'
import { isAppliedBy, type ResourceRef } from '@resource-broker/kube'
import type { View } from '@resource-broker/service'
import type { KeyBook } from '../key-book.ts'
import type { PartRule, Route } from '../part-watch.ts'
import { withoutNoise } from '../without-noise.ts'

/** Providers' objects of one brokered kind: those among them that stand where the copy of a consumer's object would. */
export function copyRule(
  view: Pick<View, 'originOf'>,
  { group, version, resource }: ResourceRef,
  keys: Pick<KeyBook, 'of'>,
  seen: (route: Route, object: KubeObject | null, ref: ObjectRef) => void,
): PartRule<'copy'> {
  const gvr = { group, version, resource }
  return {
    part: 'copy',
    resource: gvr,
    route: ({ metadata }, cluster) => {
      const origin = view.originOf(metadata, cluster)
      if (origin === undefined) return undefined
      const { consumer, provider, ...place } = origin
      return { key: keys.of({ cluster: consumer, gvr, ...place }), qualifier: provider }
    },
    message: (object, { cluster }, { qualifier = '' }) => ({
      provider: qualifier,
      cluster,
      gvr,
      ours: object !== null && isAppliedBy(object, fieldManager),
      object: object === null ? null : withoutNoise(object),
    }),
    epoch: version, // an object has one resourceVersion in all versions of its API
    significant: ({ metadata, ...content }) => [
      metadata.deletionTimestamp,
      metadata.generation,
      metadata.annotations,
      content,
    ],
    seen,
  }
}
