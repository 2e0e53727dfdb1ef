import {
  AcceptAPI,
  Assignment,
  assignmentName,
  type Condition,
  ConsumerQuota,
  copyName,
  keyOf,
  Migration,
  MigrationConfiguration,
  PlacementPolicy,
  Provider,
  providerName,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type ObjectRef, readIfThere } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { expect } from 'vitest'
import type { Landscape, Place, Site } from './landscape.ts'
import { THING } from './provider-controller.ts'

/** A Thing, or any object of the tests, with what the tests look at. */
export type Thing = KubeObject & {
  spec: Record<string, unknown>
  status?: Record<string, unknown> & { conditions?: Condition[] }
}

type Extra = { namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> }

export function thing(name: string, spec: Record<string, unknown>, { namespace = 'default', ...metadata }: Extra = {}) {
  return { apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', metadata: { name, namespace, ...metadata }, spec }
}

export const thingRef = (name: string, namespace = 'default'): ObjectRef => ({ ...THING, namespace, name })

/** What the copy of a consumer's Thing is called in the cluster of whichever provider. */
export const copyRef = (consumer: Site, name: string, namespace = 'default'): ObjectRef =>
  thingRef(copyName(consumer.cluster, name), namespace)

/**
 * Where a consumer's object has its copy at a provider, and what it is called there: under a name of its own at the provider, or in a
 * kcp under its own in a staging workspace. A name alone is that of a Thing.
 */
export function copyAt(provider: Site, consumer: Site, of: string | ObjectRef): [at: Place, copy: ObjectRef] {
  const ref = typeof of === 'string' ? thingRef(of) : of
  if (provider.copiesOf !== undefined) return [provider.copiesOf(consumer), ref]
  return [provider, { ...ref, name: copyName(consumer.cluster, ref.name) }]
}

export const secretRef = (name: string, namespace = 'default'): ObjectRef => ({
  ...{ group: '', version: 'v1', resource: 'secrets' },
  namespace,
  name,
})

/** The object, or undefined where there is none. */
export async function read<T = Thing>(site: Pick<Site, 'kube'>, ref: ObjectRef): Promise<T | undefined> {
  return await readIfThere<T>(site.kube, ref)
}

/** Creates or changes a provider's offer of Things, or of what `spec.gvr` names. */
export async function offer(provider: Site, name: string, spec: Record<string, unknown> = {}): Promise<void> {
  await provider.client.apply(offerOf(provider, name, spec))
}

/** A provider's offer of Things, or of what `spec.gvr` names. */
export function offerOf({ exportName }: Site, name: string, spec: Record<string, unknown> = {}) {
  const { apiVersion, kind } = AcceptAPI
  const from = exportName === undefined ? {} : { apiExportName: exportName }
  return { apiVersion, kind, metadata: { name }, spec: { gvr: THING, ...from, ...spec } }
}

/** What the platform says of a provider. */
export const providerRef = ({ cluster }: Site): ObjectRef => ({ ...Provider.resource, name: providerName(cluster) })

/** Has the platform say this of a provider. */
export async function instruct(platform: Place, provider: Site, spec: object): Promise<void> {
  await patchProvider(platform, provider, { spec })
}

/** The broker makes a Provider once it has met the provider. */
async function patchProvider(platform: Place, provider: Site, patch: object): Promise<void> {
  const ref = providerRef(provider)
  await waitFor(`the broker has met ${provider.name}`, () => read(platform, ref))
  await platform.kube.mergePatch(ref, patch)
}

/** Makes a MigrationConfiguration for moves of Things; answers where it is. */
export function configureMoves(platform: Place, name: string, spec: object): Promise<ObjectRef> {
  const things = { group: THING.group, version: THING.version, kind: 'Thing' }
  return make(platform, MigrationConfiguration, name, { from: things, to: things, ...spec })
}

/** Labels a provider at the platform; null takes a label off. */
export async function labelProvider(
  platform: Place,
  provider: Site,
  labels: Record<string, string | null>,
): Promise<void> {
  await patchProvider(platform, provider, { metadata: { labels } })
}

/** Makes a PlacementPolicy; answers where it is. */
export const makePolicy = (platform: Place, name: string, spec: object): Promise<ObjectRef> =>
  make(platform, PlacementPolicy, name, spec)

/** Makes a ConsumerQuota; answers where it is. */
export const makeQuota = (platform: Place, name: string, spec: object): Promise<ObjectRef> =>
  make(platform, ConsumerQuota, name, spec)

type PlatformKind = typeof ConsumerQuota | typeof MigrationConfiguration | typeof PlacementPolicy

async function make({ kube }: Place, kind: PlatformKind, name: string, spec: object): Promise<ObjectRef> {
  await kube.create(kind.resource, { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name }, spec })
  return { ...kind.resource, name }
}

let probes = 0

/** Waits until the broker has heard that nobody may take such an object any more: one that is made for trying it, by the name that is given, is not placed. */
export async function untilRefused(
  consumer: Site,
  what: string,
  probe: (name: string) => ReturnType<typeof thing>,
): Promise<void> {
  await waitFor(`the broker knows that ${what}`, async () => {
    const name = `probe-${++probes}`
    await create(consumer, probe(name))
    const { status } = await waitFor(`${name} is decided on`, async () =>
      conditionOf(await read(consumer, thingRef(name)), 'Placed'),
    )
    await release(consumer, name)
    return status === 'False'
  })
}

export async function withdraw(provider: Site, name: string): Promise<void> {
  await provider.kube.delete({ ...AcceptAPI.resource, name })
}

/** Waits until the AcceptAPI's Ready condition is this one, and answers it. */
export async function offerCondition(provider: Site, name: string, status: string, reason: string): Promise<Condition> {
  return await waitFor(`AcceptAPI ${name} is ${status} for ${reason}`, async () => {
    const object = await read(provider, { ...AcceptAPI.resource, name })
    const ready = conditionOf(object, 'Ready')
    return ready?.status === status &&
      ready.reason === reason &&
      ready.observedGeneration === object?.metadata.generation
      ? ready
      : undefined
  })
}

export async function create(consumer: Site, object: ReturnType<typeof thing>): Promise<Thing> {
  const { name, namespace } = object.metadata
  return await consumer.kube.create<Thing>(thingRef(name, namespace), object, { fieldManager: 'consumer' })
}

/** Changes the spec as the consumer. */
export async function patchSpec(
  site: Pick<Site, 'kube'>,
  ref: ObjectRef,
  spec: Record<string, unknown>,
): Promise<Thing> {
  return await site.kube.mergePatch<Thing>(ref, { spec }, { fieldManager: 'consumer' })
}

export function conditionOf(object: Thing | undefined, type: string): Condition | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type)
}

/** Waits until the consumer's Thing has been answered, at its present generation, by this provider. */
export async function served(consumer: Site, name: string, from: Site, namespace = 'default'): Promise<Thing> {
  return await waitFor(`${name} of ${consumer.name} is served from ${from.name}`, async () => {
    const object = await read(consumer, thingRef(name, namespace))
    const { status, from: origin, observedGeneration } = object?.status ?? {}
    const current = observedGeneration === object?.metadata.generation
    return status === 'Available' && origin === from.name && current ? object : undefined
  })
}

/** Waits for a condition of the consumer's Thing. */
export async function told(
  consumer: Site,
  name: string,
  type: string,
  status: string,
  reason: string,
  namespace = 'default',
): Promise<Condition> {
  return await waitFor(`${name}: condition ${type}=${status} for ${reason}`, async () => {
    const condition = conditionOf(await read(consumer, thingRef(name, namespace)), type)
    return condition?.status === status && condition.reason === reason ? condition : undefined
  })
}

/** The reasons of the Events about one object, sorted. */
export async function eventsAbout(site: Pick<Site, 'kube'>, uid: string | undefined): Promise<unknown[]> {
  type Event = KubeObject & { involvedObject: { uid: string }; reason: string }
  const { items } = await site.kube.list<Event>({ group: '', version: 'v1', resource: 'events' })
  return items
    .filter(({ involvedObject }) => involvedObject.uid === uid)
    .map(({ reason }) => reason)
    .sort()
}

let touches = 0

/** Sends a change of the spec all the way to the provider and back: what was seen before it has had its effect by then. */
export async function roundTrip(consumer: Site, name: string, provider: Site, namespace = 'default'): Promise<Thing> {
  await patchSpec(consumer, thingRef(name, namespace), { touch: ++touches })
  const object = await served(consumer, name, provider, namespace)
  const copy = await read(...copyAt(provider, consumer, thingRef(name, namespace)))
  expect(copy?.spec['touch']).toBe(touches)
  return object
}

export async function gone(site: Place, ref: ObjectRef): Promise<void> {
  await waitFor(
    `${ref.resource}/${ref.name} is gone from ${site.name}`,
    async () => (await read(site, ref)) === undefined,
  )
}

/** Deletes the consumer's Thing and waits until it is gone. */
export async function release(consumer: Site, name: string, namespace = 'default'): Promise<void> {
  await consumer.kube.delete(thingRef(name, namespace))
  await gone(consumer, thingRef(name, namespace))
}

export async function assignmentOf({ platform }: Landscape, consumer: Site, name: string, namespace = 'default') {
  const key = keyOf({ cluster: consumer.cluster, gvr: THING, namespace, name })
  return await read<Assignment>(platform, { ...Assignment.resource, name: assignmentName(key) })
}

/** The Migrations of one Thing, oldest first. */
export async function migrationsOf({ platform }: Landscape, consumer: Site, name: string): Promise<Migration[]> {
  const assignment = assignmentName(keyOf({ cluster: consumer.cluster, gvr: THING, namespace: 'default', name }))
  const { items } = await platform.kube.list<Migration>({ ...Migration.resource })
  const age = ({ metadata }: Migration) => Number(metadata.annotations?.['broker.platform-mesh.io/consumer-generation'])
  return items.filter(({ spec }) => spec.assignment === assignment).sort((a, b) => age(a) - age(b))
}

/** The strings of a Secret, or undefined where there is none. */
export async function secretOf(
  site: Site,
  name: string,
  namespace = 'default',
): Promise<Record<string, string> | undefined> {
  const secret = await read<{ data?: Record<string, string> }>(site, secretRef(name, namespace))
  if (secret === undefined) return undefined
  const entries = Object.entries(secret.data ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}
