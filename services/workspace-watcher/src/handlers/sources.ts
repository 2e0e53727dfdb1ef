import { annotations, finalizer } from '@resource-broker/api'
import type { KubeObject, ObjectRef, SourceRef } from '@resource-broker/bus'
import type { ResourceRef } from '@resource-broker/kube'
import type { KeyBook } from '../key-book.ts'
import type { PartRule } from '../part-watch.ts'
import { beginsWithSpec } from '../traces.ts'
import { withoutNoise } from '../without-noise.ts'

/** Consumers' objects of one brokered kind. */
export function sourceRule({ group, version, resource }: ResourceRef, keys: Pick<KeyBook, 'of'>): PartRule<'source'> {
  const gvr = { group, version, resource }
  const refOf = ({ cluster, namespace, name }: Pick<ObjectRef, 'cluster' | 'namespace' | 'name'>): SourceRef => ({
    cluster,
    gvr,
    ...(namespace === undefined ? {} : { namespace }),
    name,
  })
  return {
    part: 'source',
    resource: gvr,
    route: ({ metadata }, cluster) => ({ key: keys.of(refOf({ cluster, ...metadata })) }),
    message: (object, ref) => ({ ref: refOf(ref), object: object === null ? null : withoutNoise(object) }),
    epoch: version, // an object has one resourceVersion in all versions of its API
    significant,
    trace: beginsWithSpec,
    guarded: ({ metadata }) => metadata.finalizers?.includes(finalizer) ?? false,
  }
}

/** Not the finalizers and not what the broker itself notes: those changes are its own. */
function significant({ metadata, apiVersion: _apiVersion, kind: _kind, ...content }: KubeObject): unknown {
  const { [annotations.providerCluster]: _own, ...others } = metadata.annotations ?? {}
  return [metadata.deletionTimestamp, metadata.generation, metadata.labels, others, content]
}
