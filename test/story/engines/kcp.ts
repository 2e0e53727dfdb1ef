import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Endpoint, readKubeconfig, watchExport } from '@resource-broker/kube'
import { cacheDirectory, ensureBinaries, ManagedProcess } from '@resource-broker/testbed'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../../support/kcp-landscape.ts'
import { ROOT, type Site } from '../../support/landscape.ts'
import type { Copies, Engine } from './engine.ts'

const ISSUER = join(ROOT, 'examples/issuer')

/** A kcp, which is the sandbox's, and at the providers the example's issuer behind their exports. */
export const kcp: Engine = {
  title: 'Setting the stage on this machine: a kcp with a workspace for each, nats-server, the broker',
  logs: '*.log are nats-server, the issuers and the services',
  records: 'assignments,migrations,stagingworkspaces',
  offers: join(ROOT, 'examples/kcp-certs/provider'),
  async prepare(tell) {
    await ensureBinaries(['nats-server'], (line) => tell.says(line))
    tell.saw('tools', `nats-server is ready; what was built is in ${cacheDirectory().replace(homedir(), '~')}`)
  },
  async start(options, tell) {
    const landscape = await startKcpLandscape({
      ...options,
      brokeredCrds: [join(ROOT, 'examples/certs/consumer/certificate-crd.yaml')],
      providerCrds: [join(ISSUER, 'certificate-crd.yaml')],
    })
    const { bootstrapped, providers, sandbox } = landscape
    const { config, user, brokered } = bootstrapped
    tell.saw('kcp', `${sandbox.url}; ${config.platformWorkspace} exports AcceptAPI and ${brokered.join(', ')}`)
    tell.saw('kcp', `knows the broker as ${user}`)
    return {
      landscape,
      async startIssuing(provider, running) {
        running.services.push(await startIssuer(providers[provider] as ProviderSite, options.dir))
        return "the example's issuer, behind its export"
      },
      copies: await copiesOf(landscape),
    }
  },
}

/** A provider finds copies in the workspaces that the broker makes, through the virtual workspace of its export. */
async function copiesOf({ providers }: KcpLandscape): Promise<Copies> {
  const homes = new Map<string, Endpoint>()
  for (const { name, kubeconfig } of Object.values(providers)) homes.set(name, await readKubeconfig(kubeconfig))
  return {
    nameOf: (_consumer, name) => name,
    where: 'in a workspace that the broker made for it',
    watch:
      ({ name, exportName: slice = '' }) =>
      ({ namespace: _all, ...resource }, handler, signal) =>
        void watchExport(homes.get(name) as Endpoint, { ...resource, slice }, handler, { signal }),
    kubectl: ({ kubeconfig, exportName }) => {
      const kubectl = `kubectl --kubeconfig ${kubeconfig}`
      const url = `${kubectl} get apiexportendpointslice ${exportName} -o jsonpath='{.status.endpoints[0].url}'`
      return `${kubectl} --server "$(${url})/clusters/*" get certificates -A`
    },
  }
}

async function startIssuer({ name, kubeconfig, exportName }: ProviderSite & Site, dir: string) {
  const flags = ['--kubeconfig', kubeconfig, '--endpoint-slice', exportName, '--organization', name]
  return await ManagedProcess.start({
    name: `issuer of ${name}`,
    command: process.execPath,
    args: [join(ISSUER, 'src/main.ts'), ...flags],
    logFile: join(dir, `issuer-${name}.log`),
    env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node') },
  })
}
