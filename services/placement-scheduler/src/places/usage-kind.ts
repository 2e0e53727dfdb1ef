import type { GVR, Line, ObjectMeta, Parsed } from '@resource-broker/api'
import type { Claims, Held, Wish } from './claims.ts'

/** A record of places as the platform has it. */
export type UsageRecord = {
  metadata: ObjectMeta
  spec: { claims?: Claims | undefined; waiting?: Line | undefined }
}

/** How the places of something are recorded; `T` says of what one record is. */
export type UsageKind<T, R extends UsageRecord = UsageRecord> = {
  kind: string
  apiVersion: string
  resource: GVR
  /** As people call them. */
  plural: string
  /** @throws {z.ZodError} of one that cannot be read */
  of: (object: object) => R
  parse: (object: object) => Parsed<R>
  nameOf: (of: T) => string
  /** Of what a record is. */
  subject: (record: R) => T
  status: (held: Held, places: number | undefined) => object
}

/** What is so of the places of something when they are settled. */
export type Terms = {
  places: number
  /** What the spec of their record says besides who has one. */
  spec: Record<string, unknown>
  /** Who is known to have a place already. */
  holds: readonly Wish[]
}

export const heldBy = ({ spec: { claims = {}, waiting = {} } }: UsageRecord): Held => ({ claims, waiting })
