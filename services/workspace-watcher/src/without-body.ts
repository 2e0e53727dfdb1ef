import type { KubeObject, Part, Publication } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'

/** The fields of an object's metadata that the broker reads. */
const READ = [
  ...(['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'deletionTimestamp', 'finalizers'] as const),
  ...(['labels', 'annotations'] as const),
]

/**
 * What is said in place of a snapshot that no message can carry: the object by its metadata, and its status unless that is what makes
 * it large; how large it is and what the limit is.
 * undefined: the part has no word for that.
 */
export function withoutBody(
  publication: Publication,
  { bytes, limit }: { bytes: number; limit: number },
): Publication | undefined {
  const { part, message, version } = publication
  if ((part !== 'source' && part !== 'copy') || !('object' in message) || message.object === null) return undefined
  const { apiVersion, kind, metadata } = message.object
  const read = Object.fromEntries(READ.flatMap((field) => (field in metadata ? [[field, metadata[field]]] : [])))
  const { status } = message.object
  const isSmall = status !== undefined && Buffer.byteLength(stringifyJson(status)) < limit / 2
  const object = { apiVersion, kind, metadata: read, ...(isSmall ? { status } : {}) } as KubeObject
  return {
    ...publication,
    message: { ...message, object, tooLarge: { bytes, limit } } as Publication<Part>['message'],
    // Under a higher limit the same version is news.
    ...(version === undefined ? {} : { version: `${version}-without-body` }),
  }
}
