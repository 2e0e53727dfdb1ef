import { createHash } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import { CLAIM_LABEL_PREFIX } from './names.ts'

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const BINDING_SUFFIX_LENGTH = 5
/** Of a DNS subdomain. */
const MAX_NAME_LENGTH = 253
const WORKSPACE_NAME_LENGTH = 16
const SHARD_HASH_LENGTH = 8
const HOME_HASH_BYTES = 8
/** Bytes 00..09 00..09 00..07 (contract 3.5). */
const REFLEXIVE_BYTES = Buffer.from(Array.from({ length: 28 }, (_, index) => index % 10))

/** One permission claim as far as its hash goes (contract 3.4). */
export type ClaimIdentity = { group?: string; resource: string; identityHash?: string }

/** Of the bytes as one big-endian number, in digits 0-9 a-z A-Z. */
export function base62(bytes: Uint8Array): string {
  return encode(bytes, 62n)
}

/** Of the bytes as one big-endian number, in digits 0-9 a-z. */
export function base36(bytes: Uint8Array): string {
  return encode(bytes, 36n)
}

/** Identity of an export: of the bytes in its secret's `data.key` (contract 3.2). */
export function identityHash(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Value of label `internal.apis.kcp.io/export` on APIBindings (contract 2.7). */
export function exportHash(exportCluster: string, exportName: string): string {
  return base62(sha224(`${exportCluster}:${exportName}`))
}

/** Key of the label on objects that are claimed by an export (contract 3.3). */
export function claimLabelKey(exportCluster: string, exportName: string): string {
  return `${CLAIM_LABEL_PREFIX}${exportHash(exportCluster, exportName)}`
}

/** Value of that label for one claim (contract 3.4). */
export function claimLabelValue({ group = '', resource, identityHash: identity = '' }: ClaimIdentity): string {
  const claim = {
    ...(group !== '' && { group }),
    resource,
    verbs: null,
    ...(identity !== '' && { identityHash: identity }),
  }
  return base62(sha224(stringifyJson(claim)))
}

/** Value of that label on the APIBindings of the export themselves (contract 3.5). */
export function reflexiveClaimLabelValue(): string {
  return base62(REFLEXIVE_BYTES)
}

/** Value of `internal.tenancy.kcp.io/shard` (contract 3.6). */
export function shardHash(shardName: string): string {
  return base36(sha224(shardName)).slice(0, SHARD_HASH_LENGTH)
}

/** Name of an APIBinding that a workspace gets by its type (contract 3.7). */
export function defaultBindingName(cluster: string, exportPath: string, exportName: string): string {
  const hash = base62(sha224(`${cluster}|${exportPath}|${exportName}`)).toLowerCase()
  const prefix = exportName.slice(0, MAX_NAME_LENGTH - BINDING_SUFFIX_LENGTH - 1)
  return `${prefix}-${hash.slice(0, BINDING_SUFFIX_LENGTH)}`
}

/** Name of a new logical cluster, of 32 random bytes (contract 1.6). */
export function workspaceClusterName(random: Uint8Array): string {
  return base36(sha224(random)).slice(0, WORKSPACE_NAME_LENGTH)
}

/** Name of a user's home logical cluster (contract 1.5). */
export function homeClusterName(user: string): string {
  const bytes = sha224(user).subarray(0, HOME_HASH_BYTES)
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return `${'0'.repeat(zeros < 0 ? HOME_HASH_BYTES : zeros)}${base36(bytes.subarray(Math.max(zeros, 0)))}`
}

/** Key and value of the label that names an initializer or terminator (contract 2.6). */
export function phaseLabel(prefix: string, name: string): { key: string; value: string } {
  const value = sha224(name).toString('hex')
  return { key: prefix + value.slice(0, 63 - prefix.length), value }
}

function sha224(data: string | Uint8Array): Buffer {
  return createHash('sha224').update(data).digest()
}

function encode(bytes: Uint8Array, base: bigint): string {
  let rest = 0n
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte)
  let text = ''
  for (; rest > 0n; rest /= base) text = DIGITS[Number(rest % base)]! + text
  return text === '' ? '0' : text
}
