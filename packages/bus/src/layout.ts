import { hash } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'

/**
 * What a subject of the stream can hold about one key. Every name is used here and nowhere else:
 *
 * - `source`: the consumer's object
 * - `source-related.<consumer>`: the Secrets and ConfigMaps that the broker made beside it, by metadata; qualified by the cluster
 *   that they were seen in, since their labels are the consumer's to write
 * - `copy.<provider>`: the object's copy at one provider
 * - `copy-related.<provider>`: the Secrets and ConfigMaps that the copy's status refers to, by metadata
 * - `assignment`, `migration.<name>`: the platform's records of the object
 * - `staged.<resource>/<namespace>/<name>`: what the stages of its moves deployed at the compute cluster, Secrets by metadata
 * - `configuration.<name>`: the platform's MigrationConfigurations for moves between two kinds
 * - `policy`: one PlacementPolicy of the platform
 * - `decision`: which provider may take which generation of the spec (from the scheduler, derived)
 * - `acceptapi`: one AcceptAPI of one provider
 * - `offers`: nothing but the word that the offers changed; one per partition, under the key `-`
 * - `served`: the same of what a provider serves
 */
export const PARTS = [
  'source',
  'source-related',
  'copy',
  'copy-related',
  'assignment',
  'migration',
  'staged',
  'configuration',
  'policy',
  'decision',
  'acceptapi',
  'offers',
  'served',
] as const
export type Part = (typeof PARTS)[number]

/** Parts of which a key may have several, told apart by a qualifier: the cluster, or the name of the platform's object. */
export const QUALIFIED: ReadonlySet<Part> = new Set<Part>([
  'source-related',
  'copy',
  'copy-related',
  'migration',
  'staged',
  'configuration',
])

/** The key of what concerns a whole partition instead of one object. */
export const PARTITION_KEY = '-'

export type Address = { part: Part; key: string; partition: number; qualifier?: string }

/** The names of everything that the broker has on a NATS server: one stream of state, one of parked messages, one bucket. */
export class Layout {
  readonly prefix: string
  readonly partitions: number

  /** `prefix` becomes part of stream names and subjects: letters, digits, `-` and `_`. */
  constructor(prefix: string, partitions: number) {
    if (!/^[A-Za-z0-9_-]+$/.test(prefix))
      throw new TypeError(`stream prefix "${prefix}": only letters, digits, - and _ are allowed`)
    if (!Number.isInteger(partitions) || partitions < 1)
      throw new TypeError(`partitions: ${partitions} is not a whole number from 1`)
    this.prefix = prefix
    this.partitions = partitions
  }

  get stream(): string {
    return this.prefix
  }

  get parkedStream(): string {
    return `${this.prefix}-parked`
  }

  get offersBucket(): string {
    return `${this.prefix}-offers`
  }

  /** Where kcp's virtual workspaces were last seen to be. */
  get endpointsBucket(): string {
    return `${this.prefix}-endpoints`
  }

  /** Where replicas of `service` tell each other that they live (core NATS, not stored). */
  membersSubject(service: string): string {
    return `${this.prefix}-members.${token(service)}`
  }

  parkedSubject(service: string, key: string): string {
    return `${this.parkedStream}.${token(service)}.${token(key)}`
  }

  /** All that `service` parks. */
  parkedSubjects(service: string): string {
    return `${this.parkedStream}.${token(service)}.*`
  }

  /** Where answers to `user` come: a prefix of its own, so that nobody else has to be let read them. */
  inbox(user: string): string {
    return `${this.prefix}-inbox.${token(user)}`
  }

  /** The name of the consumer that `service` has for a partition. */
  durable(service: string, partition: number): string {
    return `${service}-${partition}`
  }

  /** All subjects of the stream. */
  get subjects(): string {
    return `${this.prefix}.*.*.>`
  }

  /** On which the replicas of `service` are told that partition `partition` may have no owner. */
  takeOverSubject(service: string, partition: number | '*'): string {
    return `${this.prefix}.${partition}.${PARTITION_KEY}.take-over.${token(service)}`
  }

  /** The first 32 bits of a key's hash, modulo the number of partitions. @throws {TypeError} if the key is no hash. */
  partitionOf(key: string): number {
    if (!/^[0-9a-f]{8,}$/.test(key)) throw new TypeError(`key "${key}" is not the start of a hash in hex`)
    return Number.parseInt(key.slice(0, 8), 16) % this.partitions
  }

  subject(part: Part, key: string, qualifier?: string): string {
    return this.#subject(this.partitionOf(key), key, part, qualifier)
  }

  /** The subject on which partition `partition` is told that `part` changed for all of its keys. */
  partitionSubject(part: Part, partition: number): string {
    return this.#subject(partition, PARTITION_KEY, part)
  }

  /** Matches `part` of every key in one partition, or in all; `qualifier`: with that one alone. */
  filter(part: Part, partition: number | '*' = '*', qualifier?: string): string {
    const qualified = QUALIFIED.has(part) ? `.${qualifier === undefined ? '*' : token(qualifier)}` : ''
    return `${this.prefix}.${partition}.*.${part}${qualified}`
  }

  /** The address that `subject` stands for, or undefined if it is none of this layout's. */
  parse(subject: string): Address | undefined {
    const [prefix, partition, key, part, qualifier, ...rest] = subject.split('.')
    if (prefix !== this.prefix || key === undefined || rest.length > 0) return undefined
    if (!(PARTS as readonly (string | undefined)[]).includes(part)) return undefined
    const address = { part: part as Part, key, partition: Number(partition) }
    if (!this.#isPlaced(address)) return undefined
    if (QUALIFIED.has(address.part) !== (qualifier !== undefined)) return undefined
    return qualifier === undefined ? address : { ...address, qualifier: untoken(qualifier) }
  }

  /** What another number of partitions left behind is not: nobody would look for its key there. */
  #isPlaced({ key, partition }: Address): boolean {
    if (key === PARTITION_KEY) return Number.isInteger(partition) && partition >= 0 && partition < this.partitions
    return /^[0-9a-f]{8,}$/.test(key) && partition === this.partitionOf(key)
  }

  #subject(partition: number, key: string, part: Part, qualifier?: string): string {
    const base = `${this.prefix}.${partition}.${key}.${part}`
    return qualifier === undefined ? base : `${base}.${token(qualifier)}`
  }
}

/** The key of an AcceptAPI: 32 hex digits, spread over the partitions like every other key. */
export const acceptAPIKey = (providerCluster: string, name: string): string => keyOfParts([providerCluster, name])

type Kind = { group: string; version: string; kind: string }

/** The key of the MigrationConfigurations for moves between two kinds; undefined is a kind that one of them does not say. */
export const configurationKey = (from: Kind | undefined, to: Kind | undefined): string =>
  keyOfParts(['configuration', ...[from, to].flatMap((kind) => [kind?.group, kind?.version, kind?.kind].map(String))])

/** The key of a PlacementPolicy. */
export const policyKey = (name: string): string => keyOfParts(['policy', name])

function keyOfParts(parts: readonly string[]): string {
  return hash('sha256', stringifyJson(parts), 'hex').slice(0, 32)
}

/** Any name as one subject token: what NATS gives a meaning, and `=`, is written as `=` and two hex digits; nothing as `=`. */
export function token(name: string): string {
  if (name === '') return '='
  return name.replace(/[^A-Za-z0-9_-]/gu, (char) => hex(char).replace(/../g, '=$&'))
}

function untoken(text: string): string {
  if (text === '=') return ''
  if (!text.includes('=')) return text
  return Buffer.from(
    text.replace(/=([0-9a-f]{2})|[^=]/g, (char, digits: string | undefined) => digits ?? hex(char)),
    'hex',
  ).toString()
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
