import { homedir } from 'node:os'
import { cacheDirectory, ensureBinaries, ensureCrds, startCertificateProvider } from '@resource-broker/testbed'
import { type PlaneSite, startLandscape } from '../../support/landscape.ts'
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
  async start(options) {
    const landscape = await startLandscape(options)
    return {
      landscape,
      async startIssuing(provider) {
        await startCertificateProvider(landscape.providers[provider] as PlaneSite)
        return 'kro and cert-manager'
      },
    }
  },
}
