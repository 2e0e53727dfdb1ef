import type { Layout } from '../layout.ts'
import { ALL_IN_ONE, type BusService, type BusUser, busServices, busUses, type Uses } from './uses.ts'

/** The permissions of a user of a nats-server, as its configuration has them: subjects, with wildcards. What is denied is not allowed. */
export type Permissions = {
  publish: { allow: string[]; deny: string[] }
  subscribe: { allow: string[] }
}

const API = '$JS.API'
const ADVISORY = '$JS.EVENT.ADVISORY'

/** The least that `user` needs for a broker with this layout. */
export function permissionsOf(user: BusUser, layout: Layout): Permissions {
  const services = user === ALL_IN_ONE ? busServices : [user]
  const others = busServices.filter((service) => !services.includes(service))
  const allow = [...common(layout), ...services.flatMap((service) => published(service, layout))]
  const heard = services.flatMap((service) => subscribed(service, layout))
  return {
    publish: { allow: unique(allow), deny: others.flatMap((service) => spared(service, layout)) },
    subscribe: { allow: unique([`${layout.inbox(user)}.>`, ...advisories(layout), ...heard]) },
  }
}

/** To make the streams, and to read the state: a consumer that is read once has a name that nobody knows before. */
function common({ stream, parkedStream }: Layout): string[] {
  const streams = [stream, parkedStream]
  return [
    `${API}.INFO`,
    ...['INFO', 'CREATE', 'UPDATE'].flatMap((what) => streams.map((name) => `${API}.STREAM.${what}.${name}`)),
    `${API}.STREAM.MSG.GET.${stream}`,
    ...['CREATE', 'INFO', 'DELETE', 'MSG.NEXT'].map((what) => `${API}.CONSUMER.${what}.${stream}.*`),
  ]
}

function published(service: BusService, layout: Layout): string[] {
  const { publishes, consumes }: Uses = busUses[service]
  return [
    ...publishes.map((part) => layout.filter(part)),
    layout.membersSubject(service),
    ...(consumes
      ? [
          layout.parkedSubjects(service),
          layout.takeOverSubject(service, '*'),
          ...['DURABLE.CREATE', 'UNPIN'].flatMap((what) => durables(service, layout, what)),
        ]
      : []),
    ...bucketsOf(service, layout).flatMap(({ bucket, writes }) => [
      ...['INFO', 'CREATE', 'UPDATE'].map((what) => `${API}.STREAM.${what}.KV_${bucket}`),
      `${API}.CONSUMER.CREATE.KV_${bucket}.*.>`,
      ...['INFO', 'DELETE'].map((what) => `${API}.CONSUMER.${what}.KV_${bucket}.*`),
      `$JS.FC.KV_${bucket}.>`,
      ...(writes ? [`$KV.${bucket}.>`] : []),
    ]),
  ]
}

/** What a consumer of another service is spared of those that may do it to any that is read once. */
function spared(service: BusService, layout: Layout): string[] {
  const { consumes }: Uses = busUses[service]
  return consumes ? ['CREATE', 'DELETE', 'MSG.NEXT'].flatMap((what) => durables(service, layout, what)) : []
}

function durables(service: BusService, layout: Layout, what: string): string[] {
  const partitions = Array.from({ length: layout.partitions }, (_, partition) => partition)
  return partitions.map((partition) => `${API}.CONSUMER.${what}.${layout.stream}.${layout.durable(service, partition)}`)
}

function subscribed(service: BusService, layout: Layout): string[] {
  const buckets = bucketsOf(service, layout).map(({ bucket }) => `${ADVISORY}.STREAM.DELETED.KV_${bucket}`)
  return [layout.membersSubject(service), ...buckets]
}

/** That a stream was deleted, or that a partition has another owner. */
function advisories({ stream, parkedStream }: Layout): string[] {
  return [
    ...[stream, parkedStream].map((name) => `${ADVISORY}.STREAM.DELETED.${name}`),
    `${ADVISORY}.CONSUMER.UNPINNED.${stream}.*`,
  ]
}

function bucketsOf(service: BusService, { offersBucket, endpointsBucket }: Layout) {
  const { offers, endpoints }: Uses = busUses[service]
  return [
    ...(offers === undefined ? [] : [{ bucket: offersBucket, writes: offers === 'writes' }]),
    ...(endpoints === undefined ? [] : [{ bucket: endpointsBucket, writes: true }]),
  ]
}

function unique(subjects: string[]): string[] {
  return [...new Set(subjects)]
}
