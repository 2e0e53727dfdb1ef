import { join } from 'node:path'
import { AcceptAPI, Assignment, type Condition, labels, Migration, MigrationConfiguration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/testbed'
import { servicesFor, startService } from '../support/broker.ts'
import { ROOT, type Site } from '../support/landscape.ts'
import { openCompute } from './compute.ts'
import type { Copies, Engine, Running } from './engines/engine.ts'
import { Expectations } from './expectation.ts'
import { Journal, type WatchObjects, watchAt } from './journal.ts'
import type { Teller } from './tell.ts'

/** What the consumer applies. */
export const WISHES = join(ROOT, 'examples/certs/consumer')
export const CERTIFICATES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps' }
const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets', namespace: 'default' }

type Sites = Record<'consumer' | 'internalca' | 'externalca', Site>
type WithConditions = KubeObject & { status?: { conditions?: Condition[] } }
export type CertificateObject = KubeObject & {
  spec: { fqdn: string }
  status?: { status?: string; conditions?: Condition[]; relatedResources?: { secret?: { name: string } } }
}
export type SecretObject = KubeObject & { data?: Record<string, string> }

/** A consumer, or a provider with its copies, and a watch on what the story looks at there. */
export type Place = { site: Site; certificates: Journal<CertificateObject>; secrets: Journal<SecretObject> }
export type ProviderPlace = Place & { acceptAPIs: Journal<WithConditions> }

/** Everything that the story plays on. */
export type Stage = {
  platform: Site
  consumer: Place
  internalca: ProviderPlace
  externalca: ProviderPlace
  assignments: Journal<Assignment & KubeObject>
  migrations: Journal<Migration & KubeObject>
  configurations: Journal<WithConditions>
  /** What Migrations have at the compute cluster, which the platform is as well. */
  compute: { configMaps: Journal; namespaces: Journal }
  until: Expectations['until']
  engine: Pick<Engine, 'offers' | 'records'>
  copies: Pick<Copies, 'where' | 'kubectl'>
  /** The name that a consumer's object has at the providers. */
  copyName: (name: string) => string
}

/** Starts all processes, tells of each, and puts them into `running` as they come. `env` is for the broker's services. */
export async function setStage(
  engine: Engine,
  dir: string,
  running: Running,
  tell: Teller,
  { signal, env }: { signal: AbortSignal; env: Readonly<Record<string, string>> },
): Promise<Stage> {
  const names = { consumers: ['consumer'], providers: ['internalca', 'externalca'] }
  const { landscape, startIssuing, copies } = await engine.start({ dir, ...names }, tell)
  running.landscape = landscape
  const { platform, nats } = landscape
  const { consumer, internalca, externalca } = { ...landscape.consumers, ...landscape.providers } as Sites
  for (const { name, cluster } of [consumer, internalca, externalca]) tell.calls(cluster, name)
  tell.saw('platform', `${platform.url}, keeps Assignments and Migrations, and has what stages of moves deploy`)
  tell.saw('consumer', `${consumer.url}, wants Certificates`)
  tell.saw('nats-server', `${nats.url}, carries what changed`)
  signal.throwIfAborted()
  await Promise.all(
    [internalca, externalca].map(async ({ name, url }) => {
      const how = await startIssuing(name, running)
      tell.saw(name, `${url}, issues them with ${how}`)
    }),
  )
  signal.throwIfAborted()
  const flags = [...landscape.flags, ...(await openCompute(platform))]
  const services = servicesFor(flags)
  await Promise.all(
    services.map(async (name) => running.services.push(await startService({ ...landscape, flags, env }, name))),
  )
  tell.saw('broker', `${services.length} processes: ${services.join(', ')}`)
  signal.throwIfAborted()
  const watched = watchStage({ platform, consumer, internalca, externalca }, copies, signal)
  return { ...watched, engine, copies, copyName: (name) => copies.nameOf(consumer, name) }
}

function watchStage(sites: Sites & { platform: Site }, copies: Copies, signal: AbortSignal) {
  const expectations = new Expectations(signal)
  const options = { changed: expectations.changed, signal }
  const place = (site: Site, watch: WatchObjects): Place => ({
    site,
    certificates: new Journal(watch, CERTIFICATES, options),
    secrets: new Journal(watch, SECRETS, options),
  })
  const provider = (site: Site): ProviderPlace => ({
    ...place(site, copies.watch(site)),
    acceptAPIs: new Journal(watchAt(site), AcceptAPI.resource, options),
  })
  const records = watchAt(sites.platform)
  return {
    platform: sites.platform,
    consumer: place(sites.consumer, watchAt(sites.consumer)),
    internalca: provider(sites.internalca),
    externalca: provider(sites.externalca),
    assignments: new Journal<Assignment & KubeObject>(records, Assignment.resource, options),
    migrations: new Journal<Migration & KubeObject>(records, Migration.resource, options),
    configurations: new Journal<WithConditions>(records, MigrationConfiguration.resource, options),
    compute: {
      configMaps: new Journal(records, { ...CONFIG_MAPS, labelSelector: labels.migrationName }, options),
      namespaces: new Journal(records, { ...NAMESPACES, labelSelector: labels.migrationName }, options),
    },
    until: expectations.until.bind(expectations),
  }
}
