import { annotations, labels } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { KubeClient, ObjectRef } from '@resource-broker/kube'
import { z } from 'zod'
import type { Current } from '../facts/known.ts'

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
  { metadata }: KubeObject,
  { key, source, brokerID }: Current,
): Promise<void> {
  const { labels: its = {}, resourceVersion, uid } = metadata as Metadata
  if (its[labels.relatedTo] === undefined || its[labels.brokerID] !== brokerID) return
  const line = heirsOf(metadata)
  const { apiVersion, kind } = source
  const next: Heir = { key, owner: { apiVersion, kind, name: source.metadata.name, uid: source.metadata.uid } }
  if (line.some((other) => other.key === key && other.owner.uid === next.owner.uid)) return
  const noted = { [annotations.wantedBy]: JSON.stringify([...line.filter((other) => other.key !== key), next]) }
  await client.mergePatch(ref, { metadata: { uid, resourceVersion, annotations: noted } })
}

/** Hands a related object on to the next that names it; deletes it where there is none. One that does not name it any more does the same. */
export async function giveUp(
  client: KubeClient,
  ref: ObjectRef,
  { metadata }: KubeObject,
  { assignment }: Pick<Current, 'assignment'>,
): Promise<void> {
  const { uid, resourceVersion, ownerReferences = [] } = metadata as Metadata
  const [next, ...others] = heirsOf(metadata).filter(({ owner }) => owner.uid !== assignment.spec.uid)
  if (next === undefined) return await client.delete(ref, { uid, resourceVersion })
  const owners = ownerReferences.filter((owner) => owner.uid !== assignment.spec.uid)
  await client.mergePatch(ref, {
    metadata: {
      ...{ uid, resourceVersion },
      labels: { [labels.relatedTo]: next.key },
      annotations: { [annotations.wantedBy]: others.length === 0 ? null : JSON.stringify(others) },
      ownerReferences: [...owners, next.owner],
    },
  })
}

/** Anybody may write there: what is no list of heirs names none. */
function heirsOf({ annotations: notes }: KubeObject['metadata']): Heir[] {
  try {
    return z.array(heir).parse(JSON.parse(notes?.[annotations.wantedBy] ?? '[]'))
  } catch {
    return []
  }
}
