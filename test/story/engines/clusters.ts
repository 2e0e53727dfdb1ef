import { homedir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory, ensureBinaries, ensureCrds, startCertificateProvider } from '@resource-broker/testbed'
import { type PlaneSite, startLandscape } from '../../support/landscape.ts'
import { EXAMPLES } from '../stage.ts'
import type { Engine } from './engine.ts'

/** Real control planes, and at the providers kro and cert-manager. */
export const clusters: Engine = {
  title: 'Setting the stage on this machine: four Kubernetes control planes, nats-server, the broker',
  logs: '*.log are nats-server and the services, each folder is a control plane',
  async prepare(tell) {
    const tools = ['nats-server', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'cert-manager', 'kro'] as const
    await ensureBinaries(tools, (line) => tell.says(line))
    for (const name of ['cert-manager', 'kro'] as const) await ensureCrds(name, (line) => tell.says(line))
    const kept = cacheDirectory().replace(homedir(), '~')
    tell.saw('tools', `${tools.join(', ')} are ready; what was built is in ${kept}`)
  },
  async start(dir, running, tell, signal) {
    const landscape = await startLandscape({
      dir,
      consumers: ['consumer'],
      providers: ['internalca', 'externalca'],
      consumerCrds: [join(EXAMPLES, 'consumer/certificate-crd.yaml')],
      kinds: ['Certificate.v1alpha1.example.platform-mesh.io'],
    })
    running.stops.push(landscape.stop)
    const { platform, nats } = landscape
    const [consumer, internalca, externalca] = [landscape.consumers, landscape.providers, landscape.providers].map(
      (sites, i) => sites[['consumer', 'internalca', 'externalca'][i] as string],
    ) as [PlaneSite, PlaneSite, PlaneSite]
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
    return { sites: { platform, consumer, internalca, externalca }, home: landscape }
  },
}
