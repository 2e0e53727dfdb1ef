import { z } from 'zod'
import { DURATION } from '../duration.ts'

/** Longest name that Kubernetes gives an object (RFC 1123 subdomain). */
export const MAX_NAME = 253
/** Longest cluster name or workspace path that the broker stores. */
const MAX_CLUSTER = 512

/** One CEL rule of a CRD, `x-kubernetes-validations`. */
export type SchemaRule = { rule: string; message: string; reason?: 'FieldValueInvalid' | 'FieldValueForbidden' }

/** Extras of a CRD schema that zod has no word for; they pass through zod's metadata into the generated schema. */
export const crd = {
  rules: (...rules: SchemaRule[]) => ({ 'x-kubernetes-validations': rules }),
  listMap: (...keys: string[]) => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys }),
  set: { 'x-kubernetes-list-type': 'set' },
  atomic: { 'x-kubernetes-list-type': 'atomic' },
  anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  intOrString: { 'x-kubernetes-int-or-string': true },
}

export const objectName = z.string().min(1).max(MAX_NAME)
export const clusterName = z.string().min(1).max(MAX_CLUSTER)

/** Names one offer: the cluster that its AcceptAPI is in, and the AcceptAPI's name. */
export const offerNames = { providerCluster: clusterName, acceptAPIName: objectName }

const group = z.string().max(MAX_NAME).describe('API group; "" is the core group.')
const version = z.string().min(1).max(63).describe('API version, such as v1alpha1.')

/** Names a collection that an API server serves: `{ group, version, resource }`, `resource` in the plural. */
export const gvrSchema = z.object({
  group,
  version,
  resource: z.string().min(1).max(63).describe('Plural name, such as certificates.'),
})
export type GVR = z.infer<typeof gvrSchema>

/** Resources that are selected, in whichever version. */
export const resourcesSchema = z
  .array(gvrSchema.pick({ group: true, resource: true }))
  .min(1)
  .max(64)
  .meta(crd.atomic)

/** Names a type: `{ group, version, kind }`. */
export const gvkSchema = z.object({ group, version, kind: z.string().min(1).max(63) })
export type GVK = z.infer<typeof gvkSchema>

/** metadata of any object as the broker reads it; fields that it does not know stay. */
export const objectMetaSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().exactOptional(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
  generation: z.number().exactOptional(),
  creationTimestamp: z.string().exactOptional(),
  deletionTimestamp: z.string().exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
})
export type ObjectMeta = z.infer<typeof objectMetaSchema>

/** A time as Kubernetes writes it: RFC 3339, UTC, whole seconds. */
export const timeSchema = z.string().max(64).meta({ format: 'date-time' })

/** A duration as Go writes it, such as 90s or 1h30m; `durationMs` reads it. */
export const durationSchema = z
  .string()
  .max(32)
  .regex(DURATION, { error: 'a duration such as 90s, 15m or 1h30m' })
  .meta({ pattern: DURATION.source })

/**
 * A condition in the plain Kubernetes shape (metav1.Condition). Its limits are those of Kubernetes: message 32,768
 * characters, reason 1,024, type 316.
 */
const conditionSchema = z.object({
  type: z.string().min(1).max(316),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().min(1).max(1024).describe('One word in CamelCase, for programs.'),
  message: z.string().max(32768).describe('For people.'),
  lastTransitionTime: timeSchema.describe('When status last changed.'),
  observedGeneration: z.int().min(0).exactOptional().describe('metadata.generation that this condition is about.'),
})
export type Condition = z.infer<typeof conditionSchema>

export const conditionsSchema = z
  .array(conditionSchema)
  .max(32)
  .meta(crd.listMap('type'))
  .describe('Conditions, one per type.')

/** Farthest from 0 that a score may be. */
export const MOST_SCORE = 100

/** What is said of a provider or an offer for PlacementPolicies to weigh, by name. */
export const scoresSchema = z.record(z.string(), z.int().min(-MOST_SCORE).max(MOST_SCORE)).meta({ maxProperties: 64 })

/** Wraps a schema as optional: absent or there, never `undefined` (exactOptionalPropertyTypes). */
export const optional = <T extends z.ZodType>(schema: T, description?: string) => {
  return (description === undefined ? schema : schema.describe(description)).exactOptional()
}
