import { hash } from 'node:crypto'
import { timestamp } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isForbidden, type KubeClient } from '@resource-broker/kube'

export type EventNote = { type: 'Normal' | 'Warning'; reason: string; message: string; now: Date }

/** Longest message of an Event (core/v1 validation). */
const LONGEST = 1024

/**
 * Records an Event on an object, where `kubectl describe` shows it. One Event stands for the same word about the same object: its
 * name is made of both, and a second one changes nothing. Where the broker may not write Events, as in a workspace that did not
 * accept the claim, there is none: the condition says the same.
 */
export async function recordEvent(
  client: KubeClient,
  about: KubeObject,
  { type, reason, message, now }: EventNote,
): Promise<void> {
  const { apiVersion, kind, metadata } = about
  const namespace = metadata.namespace ?? 'default'
  const name = `${metadata.name.slice(0, 200)}.${hash('sha256', `${metadata.uid}/${reason}/${message}`, 'hex').slice(0, 16)}`
  const time = timestamp(now)
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
    message: message.slice(0, LONGEST),
    source: { component: 'resource-broker' },
    reportingComponent: 'resource-broker',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
  await client.create({ group: '', version: 'v1', resource: 'events', namespace }, event).catch((error: unknown) => {
    if (!isAlreadyExists(error) && !isForbidden(error)) throw error
  })
}
