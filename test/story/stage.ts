import { join } from 'node:path'
import { AcceptAPI, Assignment, type Condition, copyName, Migration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/testbed'
import { SERVICES, startService } from '../support/broker.ts'
import { ROOT, type Site } from '../support/landscape.ts'
import type { Engine, Running } from './engines/engine.ts'
import { Expectations } from './expectation.ts'
import { Journal } from './journal.ts'
import type { Teller } from './tell.ts'

export const EXAMPLES = join(ROOT, 'examples/certs')
export const CERTIFICATES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets', namespace: 'default' }

type Sites = Record<'consumer' | 'internalca' | 'externalca', Site>
type WithConditions = KubeObject & { status?: { conditions?: Condition[] } }
export type CertificateObject = KubeObject & {
  spec: { fqdn: string }
  status?: { status?: string; conditions?: Condition[]; relatedResources?: { secret?: { name: string } } }
}
export type SecretObject = KubeObject & { data?: Record<string, string> }

/** A cluster with a watch on what the story looks at there. */
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
  until: Expectations['until']
  /** The name that a consumer's object has at the providers. */
  copyName: (name: string) => string
}

/** Starts all processes, tells of each, and puts them into `running` as they come. */
export async function setStage(
  engine: Engine,
  dir: string,
  running: Running,
  tell: Teller,
  signal: AbortSignal,
): Promise<Stage> {
  const { landscape, startIssuing } = await engine.start({
    dir,
    consumers: ['consumer'],
    providers: ['internalca', 'externalca'],
    consumerCrds: [join(EXAMPLES, 'consumer/certificate-crd.yaml')],
    kinds: ['Certificate.v1alpha1.example.platform-mesh.io'],
  })
  running.landscape = landscape
  const { platform, nats } = landscape
  const { consumer, internalca, externalca } = { ...landscape.consumers, ...landscape.providers } as Sites
  tell.saw('platform', `${platform.url}, keeps Assignments and Migrations`)
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
  await Promise.all(SERVICES.map(async (name) => running.services.push(await startService(landscape, name))))
  tell.saw('broker', `five processes: ${SERVICES.join(', ')}`)
  signal.throwIfAborted()
  return watchStage({ platform, consumer, internalca, externalca }, signal)
}

function watchStage(sites: Sites & { platform: Site }, signal: AbortSignal): Stage {
  const expectations = new Expectations(signal)
  const options = { changed: expectations.changed, signal }
  const place = (site: Site): Place => ({
    site,
    certificates: new Journal(site, CERTIFICATES, options),
    secrets: new Journal(site, SECRETS, options),
  })
  const provider = (site: Site): ProviderPlace => ({
    ...place(site),
    acceptAPIs: new Journal(site, AcceptAPI.resource, options),
  })
  return {
    platform: sites.platform,
    consumer: place(sites.consumer),
    internalca: provider(sites.internalca),
    externalca: provider(sites.externalca),
    assignments: new Journal(sites.platform, Assignment.resource, options),
    migrations: new Journal(sites.platform, Migration.resource, options),
    until: expectations.until.bind(expectations),
    copyName: (name) => copyName(sites.consumer.name, name),
  }
}
