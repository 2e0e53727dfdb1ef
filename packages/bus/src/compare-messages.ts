import { isDeepStrictEqual } from 'node:util'

type OfObject = {
  object?: { metadata: { uid: string; resourceVersion: string } } | null
  goneUID?: string
  goneVersion?: string
  /** Of copies; a key's other messages are each of one cluster. */
  cluster?: string
}

/**
 * Whether a message was overtaken by `other`: an older snapshot of the name (resourceVersions of one resource can be compared within
 * one cluster, also those of two objects that had the name one after the other), a snapshot of the object that `other` says is
 * gone or of one that had the name before it, or the word that another object of the name is gone.
 */
export function isOlder(message: unknown, other: unknown): boolean {
  if (!isOfObject(message) || !isOfObject(other)) return false
  const isBefore = isLater(other, message)
  if (message.object) return isBefore || (!other.object && other.goneUID === message.object.metadata.uid)
  const { goneUID, goneVersion } = message
  if (goneUID === undefined) return goneVersion !== undefined && isBefore // it left for another key, and may come back
  if (goneUID === uidOf(other)) return false
  return isBefore || (other.object != null && !isLater(message, other))
}

export type Compared = 'newer' | 'same' | 'older' | 'unknown'

/**
 * What a message is beside `other`, which the stream has or had; unknown: neither can be told to be the newer, as two lists of related
 * objects cannot.
 */
export function compareMessages(message: unknown, other: unknown): Compared {
  if (other === undefined) return 'newer'
  if (isSame(message, other) || isDeepStrictEqual(message, other)) return 'same'
  if (isOlder(message, other)) return 'older'
  return isOlder(other, message) ? 'newer' : 'unknown'
}

/** As much of a message as it takes to compare it; undefined of one that says nothing of one object. */
export function markOf(message: unknown): unknown {
  if (!isOfObject(message)) return undefined
  const { object, goneUID, goneVersion, cluster } = message
  const { uid, resourceVersion } = object?.metadata ?? {}
  return { object: object ? { metadata: { uid, resourceVersion } } : object, goneUID, goneVersion, cluster }
}

/** Two messages that tell the same, if in other words. */
function isSame(message: unknown, other: unknown): boolean {
  if (!isOfObject(message) || !isOfObject(other) || message.cluster !== other.cluster) return false
  if (uidOf(message) === undefined || uidOf(message) !== uidOf(other)) return false
  if (message.object && other.object) return versionOf(message) === versionOf(other)
  return message.object === null && other.object === null
}

const uidOf = ({ object, goneUID }: OfObject): string | undefined => object?.metadata.uid ?? goneUID

/** Of an object that is gone, the last that was seen. */
const versionOf = ({ object, goneVersion }: OfObject): string | undefined =>
  object?.metadata.resourceVersion ?? goneVersion

/** What cannot be compared is not later. */
function isLater(message: OfObject, other: OfObject): boolean {
  const [version = '', before = ''] = [versionOf(message), versionOf(other)]
  if (message.cluster !== other.cluster || !/^\d+$/.test(version) || !/^\d+$/.test(before)) return false
  return BigInt(version) > BigInt(before)
}

function isOfObject(message: unknown): message is OfObject {
  return typeof message === 'object' && message !== null && 'object' in message
}
