import { homedir } from 'node:os'
import { join } from 'node:path'
import { copyName } from '@resource-broker/api'
import { cacheDirectory, ensureBinaries, ensureCrds, startCertificateProvider } from '@resource-broker/testbed'
import { type PlaneSite, ROOT, startLandscape } from '../../support/landscape.ts'
import { watchAt } from '../journal.ts'
import type { Engine } from './engine.ts'

const EXAMPLE = join(ROOT, 'examples/certs')

/** Real control planes, and at the providers kro and cert-manager. */
export const clusters: Engine = {
  title: 'Setting the stage on this machine: four Kubernetes control planes, nats-server, the broker',
  logs: '*.log are nats-server and the services, each folder is a control plane',
  records: 'assignments,migrations',
  offers: join(EXAMPLE, 'provider'),
  async prepare(tell) {
    const tools = ['nats-server', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'cert-manager', 'kro'] as const
    await ensureBinaries(tools, (line) => tell.says(line))
    for (const name of ['cert-manager', 'kro'] as const) await ensureCrds(name, (line) => tell.says(line))
    const kept = cacheDirectory().replace(homedir(), '~')
    tell.saw('tools', `${tools.join(', ')} are ready; what was built is in ${kept}`)
  },
  async start(options) {
    const landscape = await startLandscape({
      ...options,
      consumerCrds: [join(EXAMPLE, 'consumer/certificate-crd.yaml')],
      kinds: ['Certificate.v1alpha1.example.platform-mesh.io'],
    })
    // What ends the namespaces that Migrations have at the platform.
    await landscape.platform.startControllers(['namespace-controller'])
    return {
      landscape,
      async startIssuing(provider) {
        await startCertificateProvider(landscape.providers[provider] as PlaneSite)
        return 'kro and cert-manager'
      },
      copies: {
        nameOf: (consumer, name) => copyName(consumer.cluster, name),
        where: 'in its own cluster',
        watch: watchAt,
        kubectl: ({ kubeconfig }) => `kubectl --kubeconfig ${kubeconfig} get certificates.example.platform-mesh.io -A`,
      },
    }
  },
}
