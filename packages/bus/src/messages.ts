import { z } from 'zod'

/** The part of any Kubernetes object that the broker itself reads; the rest passes through untouched. */
export const kubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().exactOptional(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().exactOptional(),
    deletionTimestamp: z.string().exactOptional(),
    finalizers: z.array(z.string()).exactOptional(),
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
  }),
})
export type KubeObject = z.infer<typeof kubeObject>

const gvr = z.object({ group: z.string(), version: z.string(), resource: z.string() })

/** Which consumer object a key stands for: what the key is the hash of, in the clear. */
const sourceRef = z.object({ cluster: z.string(), gvr, namespace: z.string().exactOptional(), name: z.string() })
export type SourceRef = z.infer<typeof sourceRef>

/** A Secret or ConfigMap, by metadata alone: its content never enters NATS. `uid` is absent when no watch has seen the object. */
const relatedMeta = z.object({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
})
export type RelatedMeta = z.infer<typeof relatedMeta>

const relatedMessage = z.object({ related: z.array(relatedMeta) })
export type RelatedMessage = z.infer<typeof relatedMessage>

/** Which object it was that a message with no object any more tells of, and its last resourceVersion that was seen. */
const gone = { goneUID: z.string().exactOptional(), goneVersion: z.string().exactOptional() }

/**
 * `object` is more than a message can carry, and is here without its spec: its size, and what the server takes, in bytes. Its status is
 * missing too where that is what makes it large.
 */
const tooLarge = z.object({ bytes: z.number(), limit: z.number() }).exactOptional()

/** `object` is null once the object was seen gone. */
const sourceMessage = z.object({ ref: sourceRef, object: kubeObject.nullable(), ...gone, tooLarge })
export type SourceMessage = z.infer<typeof sourceMessage>

type Answered = { ref: SourceRef; tooLarge: SourceMessage['tooLarge'] | undefined }

/** What an API server answered about the object of a message. Of one that no message can carry no more is taken than messages tell. */
export function answered({ ref, tooLarge }: Answered, object: KubeObject): SourceMessage {
  if (tooLarge === undefined) return { ref, object }
  const { apiVersion, kind, metadata, status } = object
  return { ref, tooLarge, object: { apiVersion, kind, metadata, status } }
}

/** Why the broker does not do what it should with an object, for people. */
export function tooLargeMessage({ bytes, limit }: NonNullable<SourceMessage['tooLarge']>): string {
  return `it has ${bytes} bytes, and a message of the broker has ${limit} at most (max_payload of nats-server)`
}

/**
 * `cluster` is where the copy was seen: the provider's own, or a workspace between the two. `ours`: the broker's field manager applied
 * it; an object that only carries the broker's annotations is not.
 */
const copyMessage = z.object({
  provider: z.string(),
  cluster: z.string(),
  gvr,
  ours: z.boolean(),
  object: kubeObject.nullable(),
  ...gone,
  tooLarge,
})
export type CopyMessage = z.infer<typeof copyMessage>

/** An Assignment, without the reasons of its decision, a Migration, a MigrationConfiguration or a PlacementPolicy as the platform has it; null once it was seen gone. */
const recordMessage = z.object({ name: z.string(), object: kubeObject.nullable(), ...gone })
export type RecordMessage = z.infer<typeof recordMessage>

/** Something at the compute cluster that is there on account of a Migration: what a stage deployed, what it sees, or where both are. */
const stagedMessage = z.object({
  gvr,
  namespace: z.string().exactOptional(),
  name: z.string(),
  object: kubeObject.nullable(),
  ...gone,
})
export type StagedMessage = z.infer<typeof stagedMessage>

/**
 * The scheduler's word on one generation of a consumer object: `provider` may take its spec; null: none may.
 * `sourceVersion` is the object's resourceVersion that the finalizer was seen or set at: an older snapshot does not show it.
 */
const decisionMessage = z.object({
  uid: z.string(),
  generation: z.number(),
  sourceVersion: z.string(),
  provider: z.string().nullable(),
})
export type DecisionMessage = z.infer<typeof decisionMessage>

const acceptAPIMessage = z.object({ provider: z.string(), name: z.string(), object: kubeObject.nullable(), ...gone })
export type AcceptAPIMessage = z.infer<typeof acceptAPIMessage>

const nudgeMessage = z.object({ by: z.string() })

/** The schema of every part: a message is parsed with it at the edge. */
export const messageSchemas = {
  source: sourceMessage,
  'source-related': relatedMessage,
  copy: copyMessage,
  'copy-related': relatedMessage,
  assignment: recordMessage,
  migration: recordMessage,
  staged: stagedMessage,
  configuration: recordMessage,
  policy: recordMessage,
  decision: decisionMessage,
  acceptapi: acceptAPIMessage,
  offers: nudgeMessage,
  served: nudgeMessage,
} as const
export type Messages = { [P in keyof typeof messageSchemas]: z.infer<(typeof messageSchemas)[P]> }
