import { labels } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { ResourceRef } from '@resource-broker/kube'
import type { PartRule } from '../part-watch.ts'

/** What is at the compute cluster on account of Migrations, of one kind. Secrets are known by their metadata alone. */
export function stagedRule(
  { group, version, resource }: ResourceRef,
  kind: string,
  labelSelector: string,
): PartRule<'staged'> {
  const gvr = { group, version, resource }
  const isSecret = group === '' && resource === 'secrets'
  const apiVersion = group === '' ? version : `${group}/${version}`
  return {
    part: 'staged',
    resource: gvr,
    labelSelector,
    metadataOnly: isSecret,
    route: ({ metadata }) => {
      const key = metadata.labels?.[labels.key]
      if (key === undefined || !/^[0-9a-f]{32}$/.test(key)) return undefined
      return { key, qualifier: `${resource}/${metadata.namespace ?? ''}/${metadata.name}` }
    },
    message: (object, { namespace, name }) => ({
      gvr,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      // Of metadata alone the server says that it is PartialObjectMetadata.
      object: object === null ? null : { ...object, apiVersion, kind },
    }),
    significant: ({ metadata, ...content }: KubeObject) => [
      metadata.deletionTimestamp,
      metadata.labels,
      metadata.annotations,
      content,
    ],
  }
}
