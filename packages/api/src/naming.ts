import { hash } from 'node:crypto'
import { type GVR, MAX_NAME } from './kinds/meta.ts'
import { annotations } from './names.ts'

/**
 * Where one object lives. `namespace` is absent for cluster-scoped objects; `""` means the same. In which version it is read is no part
 * of it: an API server shows one object in all versions that it serves.
 */
export type ObjectIdentity = {
  cluster: string
  gvr: Pick<GVR, 'group' | 'resource'>
  namespace?: string
  name: string
}

/** Whose object a copy stands for. */
export type Origin = { cluster: string; namespace?: string; name: string }

const PREFIX_DIGITS = 12
const DIGITS = 32

/** How many characters the name has that the broker gives a Migration. */
export const MIGRATION_NAME_LENGTH = 'migration-'.length + DIGITS

/**
 * The key of an object: the first 32 hex digits of the sha256 over its parts as netstrings (`<bytes>:<text>,` each, in
 * the order cluster, group, resource, namespace, name), so that no two identities share an encoding.
 */
export function keyOf({ cluster, gvr, namespace, name }: ObjectIdentity): string {
  return digest([cluster, gvr.group, gvr.resource, namespace ?? '', name])
}

/** Name of the Assignment of the object with that key: two deciders collide instead of placing twice. */
export const assignmentName = (key: string): string => `assignment-${key}`

/** The key that the name of an Assignment holds; undefined if it is not of the broker's making. */
export const keyOfAssignment = (name: string): string | undefined => /^assignment-([0-9a-f]{32})$/.exec(name)?.[1]

export type MigrationIdentity = {
  assignment: { name: string; uid: string }
  from: { providerCluster: string; acceptAPIName: string }
  to: { providerCluster: string; acceptAPIName: string }
  /** metadata.generation of the Assignment when the move was decided: a later move there and back is another one. */
  generation: number
  /** How many Migrations of this very move have ended before; absent: none. One that was cancelled may be asked for again. */
  attempt?: number
}

/** Name of a Migration: two deciders of the same move collide. */
export function migrationName({ assignment, from, to, generation, attempt = 0 }: MigrationIdentity): string {
  const ends = [from.providerCluster, from.acceptAPIName, to.providerCluster, to.acceptAPIName]
  const again = attempt === 0 ? [] : [String(attempt)]
  return `migration-${digest([assignment.name, assignment.uid, ...ends, String(generation), ...again])}`
}

/** Name of what a stage of a Migration deploys under `key`. */
export const stageObjectName = (migration: string, key: string): string => `${migration}-${key}`

/** Name of the OfferUsage of an offer. */
export function offerUsageName(offer: { providerCluster: string; name: string }): string {
  return `usage-${digest([offer.providerCluster, offer.name])}`
}

/** A quota, and one consumer for whom it counts. */
export type QuotaOf = { quota: string; consumer: string }

const QUOTA_USAGE = 'quota-'

/** Name of the QuotaUsage of a quota and a consumer. */
export const quotaUsageName = ({ quota, consumer }: QuotaOf): string => QUOTA_USAGE + digest([quota, consumer])

/** Under which key the QuotaUsage of that name is looked at. */
export const keyOfQuotaUsage = (name: string): string => name.slice(QUOTA_USAGE.length)

/** Under which key a ConsumerQuota is looked at. */
export const keyOfQuota = (name: string): string => digest(['ConsumerQuota', name, ''])

/** kcp: an APIExport of a provider. */
export type ProviderExport = { providerCluster: string; apiExportName: string }
/** kcp: whose copies a staging workspace holds, and at which export. */
export type StagingPlace = ProviderExport & { consumerCluster: string }

/** kcp: name of the StagingWorkspace and of its workspace. Whoever claims to be of that place is believed if the name is this. */
export function stagingWorkspaceName({ consumerCluster, providerCluster, apiExportName }: StagingPlace): string {
  return `staging-${digest([consumerCluster, providerCluster, apiExportName])}`
}

/** kcp: name of the workspace that proves that an export can be bound. */
export const verificationWorkspaceName = (of: ProviderExport): string => `verification-${exportDigest(of)}`

/** kcp: name of the broker's own APIExport through which it sees all copies at one export of a provider. */
export const copiesExportName = (of: ProviderExport): string => `copies-${exportDigest(of)}`

/** A cluster's name as a label takes it: the 12 hex digits that its copies' names begin with. */
export function clusterLabel(cluster: string): string {
  return hash('sha256', cluster, 'hex').slice(0, PREFIX_DIGITS)
}

/**
 * Name of the Provider of a cluster: the cluster's own where Kubernetes takes it for an object (RFC 1123 subdomain), otherwise what of it
 * can stay, `-` and 12 hex digits of sha256(name).
 */
export function providerName(cluster: string): string {
  if (cluster.length <= MAX_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(cluster))
    return cluster
  const stays = cluster.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const cut = stays.slice(0, MAX_NAME - PREFIX_DIGITS - 1).replace(/^-+|-+$/g, '')
  return `${cut}${cut === '' ? '' : '-'}${clusterLabel(cluster)}`
}

/**
 * Name of a copy in a provider's cluster: 12 hex digits of sha256(consumer cluster), `-`, name. A result above 253
 * characters is cut and ends in `-` and 12 hex digits of sha256(name) instead.
 */
export function copyName(consumerCluster: string, name: string): string {
  const full = copyPrefix(consumerCluster) + name
  if (full.length <= MAX_NAME) return full
  const cut = full.slice(0, MAX_NAME - PREFIX_DIGITS - 1).replace(/[.-]+$/, '')
  return `${cut}-${hash('sha256', name, 'hex').slice(0, PREFIX_DIGITS)}`
}

/**
 * The name that a provider's name has at the consumer: without that consumer's prefix, where it has it. A name that
 * copyName had to cut does not come back whole; `originOf` knows it.
 */
export function originName(consumerCluster: string, name: string): string {
  const prefix = copyPrefix(consumerCluster)
  return name.length > prefix.length && name.startsWith(prefix) ? name.slice(prefix.length) : name
}

/** Annotations that a copy carries, for people and for `originOf`. */
export function originAnnotations(origin: Origin, providerCluster: string): Record<string, string> {
  return {
    [annotations.consumerCluster]: origin.cluster,
    ...(origin.namespace ? { [annotations.consumerNamespace]: origin.namespace } : {}),
    [annotations.consumerName]: origin.name,
    [annotations.providerCluster]: providerCluster,
  }
}

/**
 * Whose object a copy says that it stands for, or undefined if it does not say. A claim, no proof: whoever acts on it
 * checks that the Assignment names this provider and this copy.
 */
export function originOf(metadata: unknown): Origin | undefined {
  const notes = (metadata as { annotations?: Record<string, unknown> } | undefined | null)?.annotations
  if (typeof notes !== 'object' || notes === null) return undefined
  const [cluster, namespace, name] = [
    annotations.consumerCluster,
    annotations.consumerNamespace,
    annotations.consumerName,
  ].map((key) => (Object.hasOwn(notes, key) ? notes[key] : undefined))
  if (typeof cluster !== 'string' || cluster === '' || typeof name !== 'string' || name === '') return undefined
  return typeof namespace === 'string' && namespace !== '' ? { cluster, namespace, name } : { cluster, name }
}

const copyPrefix = (consumerCluster: string): string => `${clusterLabel(consumerCluster)}-`

const exportDigest = ({ providerCluster, apiExportName }: ProviderExport): string =>
  digest([providerCluster, apiExportName])

const digest = (parts: readonly string[]): string =>
  hash('sha256', parts.map(netstring).join(''), 'hex').slice(0, DIGITS)

/** https://cr.yp.to/proto/netstrings.txt */
const netstring = (text: string): string => `${Buffer.byteLength(text)}:${text},`
