import { hash } from 'node:crypto'
import { timestamp } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isForbidden, type KubeClient } from '@resource-broker/kube'
import type { Logger } from './logger.ts'

export type EventNote = {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  now: Date
  /** Which matter it is of, where the same word about another one is another Event; else the message says it. */
  of?: string
  /** How often, in one Event, which then has the last message. */
  count?: number
  /** Where the broker has the right in any case: else it is an error that it has not. */
  isOwn?: true
}

/** What goes into the log where an Event cannot be recorded, and which log. */
type Mention = { logger: Logger } & Record<string, unknown>

/** Longest message of an Event (core/v1 validation). */
const LONGEST = 1024

/**
 * Records an Event on an object, where `kubectl describe` shows it. One Event stands for the same word about the same object: its
 * name is made of both, and a second one changes nothing but a count. Where the broker may not write Events, as in a workspace that did not
 * accept the claim, there is none: the condition says the same.
 */
export async function recordEvent(
  client: KubeClient,
  about: KubeObject,
  { type, reason, message: text, now, of, count, isOwn }: EventNote,
): Promise<void> {
  const { apiVersion, kind, metadata } = about
  const namespace = metadata.namespace ?? 'default'
  const word = `${metadata.uid}/${reason}/${of ?? text}`
  const name = `${metadata.name.slice(0, 200)}.${hash('sha256', word, 'hex').slice(0, 16)}`
  const said = { message: text.slice(0, LONGEST), lastTimestamp: timestamp(now), count: count ?? 1 }
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
    },
    type,
    reason,
    source: { component: 'resource-broker' },
    reportingComponent: 'resource-broker',
    firstTimestamp: said.lastTimestamp,
    ...said,
  }
  const events = { group: '', version: 'v1', resource: 'events', namespace }
  try {
    await client.create(events, event)
  } catch (error) {
    if (isForbidden(error) && isOwn === undefined) return
    if (!isAlreadyExists(error)) throw error
    if (count !== undefined) await client.mergePatch({ ...events, name }, said)
  }
}

/** The same where a condition says it too: an Event that cannot be recorded keeps nobody from going on. It never rejects. */
export async function tryRecordEvent(
  client: KubeClient,
  about: KubeObject,
  note: EventNote,
  { logger, ...others }: Mention,
): Promise<void> {
  await recordEvent(client, about, note).catch((err: unknown) => {
    logger.warn({ ...others, err }, 'an Event could not be recorded')
  })
}
