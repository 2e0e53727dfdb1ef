import { homedir } from 'node:os'
import { join } from 'node:path'
import { startSandbox } from '@resource-broker/sandbox'
import { cacheDirectory, ensureBinaries, ManagedProcess, startNats } from '@resource-broker/testbed'
import { ROOT } from '../../support/landscape.ts'
import { createWorkspaceSite } from '../../support/workspace-site.ts'
import { EXAMPLES } from '../stage.ts'
import type { Engine, StorySite, StorySites } from './engine.ts'

const ISSUER = join(ROOT, 'examples/issuer')
const KINDS = ['Certificate.v1alpha1.example.platform-mesh.io']
const NAMES = ['platform', 'consumer', 'internalca', 'externalca'] as const
const PROVIDERS = ['internalca', 'externalca'] as const

/** Workspaces of the sandbox, and at the providers the example's issuer. */
export const sandbox: Engine = {
  title: 'Setting the stage on this machine: a control plane with four workspaces, nats-server, the broker',
  logs: '*.log are nats-server, the issuers and the services',
  async prepare(tell) {
    await ensureBinaries(['nats-server'], (line) => tell.says(line))
    tell.saw('tools', `nats-server is ready; what was built is in ${cacheDirectory().replace(homedir(), '~')}`)
  },
  async start(dir, running, tell, signal) {
    const [plane, nats] = await Promise.all([startSandbox(), startNats({ dir })])
    running.stops.push(
      () => plane.close(),
      () => nats.stop(),
    )
    const sites = Object.fromEntries(
      await Promise.all(
        NAMES.map(async (name) => [name, await createWorkspaceSite(plane, name, join(dir, 'workspaces'))] as const),
      ),
    ) as unknown as StorySites
    await installKinds(sites)
    tell.saw('platform', `${sites.platform.url}, keeps Assignments and Migrations`)
    tell.saw('consumer', `${sites.consumer.url}, wants Certificates`)
    tell.saw('nats-server', `${nats.url}, carries what changed`)
    signal.throwIfAborted()
    for (const name of PROVIDERS) {
      running.services.push(await startIssuer(sites[name], dir))
      tell.saw(name, `${sites[name].url}, issues them with the example's issuer`)
    }
    const flags = [
      ...['--coordination-kubeconfig', sites.platform.kubeconfig],
      ...['--consumer-kubeconfig', sites.consumer.kubeconfig],
      ...PROVIDERS.flatMap((name) => ['--provider-kubeconfig', sites[name].kubeconfig]),
      ...KINDS.flatMap((kind) => ['--watch-kind', kind]),
      ...['--nats', nats.url],
    ]
    return { sites, home: { dir, flags } }
  },
}

async function installKinds({ platform, consumer, internalca, externalca }: StorySites): Promise<void> {
  await platform.client.applyDirectory(join(ROOT, 'crds'))
  await consumer.client.applyFile(join(EXAMPLES, 'consumer/certificate-crd.yaml'))
  for (const { client } of [internalca, externalca]) {
    await client.applyFile(join(ROOT, 'crds/broker.platform-mesh.io_acceptapis.yaml'))
    await client.applyFile(join(ISSUER, 'certificate-crd.yaml'))
  }
}

async function startIssuer({ name, kubeconfig }: StorySite, dir: string): Promise<ManagedProcess> {
  return ManagedProcess.start({
    name: `issuer of ${name}`,
    command: process.execPath,
    args: [join(ISSUER, 'src/main.ts'), '--kubeconfig', kubeconfig, '--organization', name],
    logFile: join(dir, `issuer-${name}.log`),
    env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node') },
  })
}
