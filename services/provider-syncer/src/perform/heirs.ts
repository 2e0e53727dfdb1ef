import { annotations, labels } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { type KubeClient, type ObjectRef, readIfThere } from '@resource-broker/kube'
import { z } from 'zod'
import type { Current } from '../facts/known.ts'
import { deleteIfThere } from './delete-if-there.ts'

/** An object that names the same related object as its owner does, by its key. */
const heir = z.object({
  key: z.string().regex(/^[0-9a-f]{32}$/),
  owner: z.object({ apiVersion: z.string(), kind: z.string(), name: z.string(), uid: z.string() }),
})
type Heir = z.infer<typeof heir>
type Metadata = KubeObject['metadata'] & { labels?: Record<string, string>; ownerReferences?: { uid: string }[] }

/** Notes on a related object of another object of this broker that this one names the same, so that it has it as soon as that goes. */
export async function standInLine(
  client: KubeClient,
  ref: ObjectRef,
  existing: KubeObject,
  { key, source, brokerID }: Current,
): Promise<void> {
  const { metadata } = existing
  const { labels: its = {} } = metadata as Metadata
  if (its[labels.relatedTo] === undefined || its[labels.brokerID] !== brokerID) return
  const line = heirsOf(metadata)
  const { apiVersion, kind } = source
  const next: Heir = { key, owner: { apiVersion, kind, name: source.metadata.name, uid: source.metadata.uid } }
  if (line.some((other) => other.key === key && other.owner.uid === next.owner.uid)) return
  const noted = { [annotations.wantedBy]: stringifyJson([...line.filter((other) => other.key !== key), next]) }
  // The broker may not patch what is not of a brokered kind at a consumer: its claims in a kcp have no such verb.
  await client.replace(ref, {
    ...existing,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...noted } },
  })
}

/** Hands a related object on to the next that names it; deletes it where there is none. One that does not name it any more does the same. */
export async function giveUp(
  client: KubeClient,
  ref: ObjectRef,
  { metadata }: KubeObject,
  { uid: owned }: { uid: string },
): Promise<void> {
  const { uid, resourceVersion, ownerReferences = [] } = metadata as Metadata
  const [next, ...others] = heirsOf(metadata).filter(({ owner }) => owner.uid !== owned)
  if (next === undefined) return void (await deleteIfThere(client, ref, { uid, resourceVersion }))
  const whole = await readIfThere<KubeObject>(client, ref) // it was read by its metadata
  if (whole === undefined) return
  const { [annotations.wantedBy]: _line, ...notes } = metadata.annotations ?? {}
  await client.replace(ref, {
    ...whole,
    metadata: {
      ...metadata, // in the version that was seen
      labels: { ...(metadata as Metadata).labels, [labels.relatedTo]: next.key },
      annotations: others.length === 0 ? notes : { ...notes, [annotations.wantedBy]: stringifyJson(others) },
      ownerReferences: [...ownerReferences.filter((owner) => owner.uid !== owned), next.owner],
    },
  })
}

/** Anybody may write there: what is no list of heirs names none. */
function heirsOf({ annotations: notes }: KubeObject['metadata']): Heir[] {
  try {
    return z.array(heir).parse(parseJson(notes?.[annotations.wantedBy] ?? '[]'))
  } catch {
    return []
  }
}
