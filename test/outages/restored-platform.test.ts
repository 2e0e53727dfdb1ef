import {
  Assignment,
  ConsumerQuota,
  Migration,
  MigrationConfiguration,
  MigrationUsage,
  OfferUsage,
  PlacementPolicy,
  Provider,
  QuotaUsage,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import { copyAt, create, patchSpec, served, thing, thingRef } from '../support/things.ts'

/** What a backup of the platform's cluster has. */
const KINDS = [
  ...[Assignment, ConsumerQuota, Migration, MigrationConfiguration, MigrationUsage],
  ...[OfferUsage, PlacementPolicy, Provider, QuotaUsage],
]

const world = useWorld()

test('a platform that is restored from a backup without statuses and uids has lost no copy of what lives', async () => {
  const { consumer, alpha, beta, observer, landscape } = world
  for (const name of ['stays', 'moves', 'goes']) await create(consumer, thing(name, { size: 'small', secret: true }))
  await expectRecovered(world)
  const backup = await read()
  await create(consumer, thing('comes', { size: 'large', secret: true }))
  await patchSpec(consumer, thingRef('moves'), { size: 'large' })
  await consumer.kube.delete(thingRef('goes'))
  await expectRecovered(world)
  const before = [await copyUID('stays', alpha), await copyUID('moves', beta), await copyUID('comes', beta)]
  const services = [...world.services.values()].flat()
  await Promise.all(services.map((service) => service.stop()))
  for (const [kind, items] of await read())
    for (const object of items) {
      if (kind === Assignment) observer.excuseRecord(Assignment.of(object))
      await landscape.platform.kube.delete({ ...kind.resource, name: object.metadata.name })
    }
  for (const [kind, items] of backup) for (const object of items) await restore(kind, object)
  await Promise.all(services.map((service) => service.start()))
  await expectRecovered(world)
  expect([await copyUID('stays', alpha), await copyUID('moves', beta), await copyUID('comes', beta)]).toEqual(before)
  await patchSpec(consumer, thingRef('moves'), { size: 'small' })
  await served(consumer, 'moves', alpha)
  await clear(world)
})

type Backup = [kind: (typeof KINDS)[number], items: KubeObject[]][]

async function read(): Promise<Backup> {
  const { kube } = world.landscape.platform
  return await Promise.all(
    KINDS.map(async (kind) => [kind, (await kube.list<KubeObject>({ ...kind.resource })).items] as const),
  )
}

/** As tools for backups do: what a server gives an object is not given back to it. */
async function restore(
  kind: (typeof KINDS)[number],
  { metadata, status: _status, ...content }: KubeObject,
): Promise<void> {
  const { name, labels, annotations } = metadata
  await world.landscape.platform.kube.create(kind.resource, { ...content, metadata: { name, labels, annotations } })
}

async function copyUID(name: string, provider: typeof world.alpha): Promise<string> {
  const [at, ref] = copyAt(provider, world.consumer, name)
  return (await at.kube.get<KubeObject>(ref)).metadata.uid
}
