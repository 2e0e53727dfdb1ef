import { homedir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI, Assignment, type Condition, copyName, Migration } from '@resource-broker/api'
import {
  cacheDirectory,
  ensureBinaries,
  ensureCrds,
  type KubeObject,
  type ManagedProcess,
  startCertificateProvider,
} from '@resource-broker/testbed'
import { SERVICES, startService } from '../support/broker.ts'
import { type Landscape, ROOT, type Site, startLandscape } from '../support/landscape.ts'
import { Expectations } from './expectation.ts'
import { Journal } from './journal.ts'
import type { Teller } from './tell.ts'

export const EXAMPLES = join(ROOT, 'examples/certs')
export const CERTIFICATES = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets', namespace: 'default' }

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
  consumer: Place
  internalca: ProviderPlace
  externalca: ProviderPlace
  assignments: Journal<Assignment & KubeObject>
  migrations: Journal<Migration & KubeObject>
  until: Expectations['until']
  /** The name that a consumer's object has at the providers. */
  copyName: (name: string) => string
}

/** What has to be stopped, and what must not have stopped by itself. */
export type Running = { landscape?: Landscape; services: ManagedProcess[] }

/** Fetches or builds every tool before anything starts, so that a first run shows its wait as one list. */
export async function prepareTools(tell: Teller): Promise<void> {
  const tools = ['nats-server', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'cert-manager', 'kro'] as const
  await ensureBinaries(tools, (line) => tell.says(line))
  for (const name of ['cert-manager', 'kro'] as const) await ensureCrds(name, (line) => tell.says(line))
  const kept = cacheDirectory().replace(homedir(), '~')
  tell.saw('tools', `${tools.join(', ')} are ready; what was built is in ${kept}`)
}

/** Starts all processes, tells of each, and puts them into `running` as they come. */
export async function setStage(dir: string, running: Running, tell: Teller, signal: AbortSignal): Promise<Stage> {
  const landscape = await startLandscape({
    dir,
    consumers: ['consumer'],
    providers: ['internalca', 'externalca'],
    consumerCrds: [join(EXAMPLES, 'consumer/certificate-crd.yaml')],
    kinds: ['Certificate.v1alpha1.example.platform-mesh.io'],
  })
  running.landscape = landscape
  const { platform, nats } = landscape
  const [consumer, internalca, externalca] = [landscape.consumers, landscape.providers, landscape.providers].map(
    (sites, i) => sites[['consumer', 'internalca', 'externalca'][i] as string],
  ) as [Site, Site, Site]
  tell.saw('platform', `${platform.url}, keeps Assignments and Migrations`)
  tell.saw('consumer', `${consumer.url}, wants Certificates`)
  tell.saw('nats-server', `${nats.url}, carries what changed`)
  signal.throwIfAborted()
  await Promise.all(
    [internalca, externalca].map(async (site) => {
      await startCertificateProvider(site)
      tell.saw(site.name, `${site.url}, issues them with kro and cert-manager`)
    }),
  )
  signal.throwIfAborted()
  await Promise.all(SERVICES.map(async (name) => running.services.push(await startService(landscape, name))))
  tell.saw('broker', `five processes: ${SERVICES.join(', ')}`)
  signal.throwIfAborted()
  return watchStage({ platform, consumer, internalca, externalca }, signal)
}

function watchStage(
  sites: Record<'platform' | 'consumer' | 'internalca' | 'externalca', Site>,
  signal: AbortSignal,
): Stage {
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
    consumer: place(sites.consumer),
    internalca: provider(sites.internalca),
    externalca: provider(sites.externalca),
    assignments: new Journal(sites.platform, Assignment.resource, options),
    migrations: new Journal(sites.platform, Migration.resource, options),
    until: expectations.until.bind(expectations),
    copyName: (name) => copyName(sites.consumer.name, name),
  }
}
