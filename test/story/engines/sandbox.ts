import { homedir } from 'node:os'
import { join } from 'node:path'
import { cacheDirectory, ensureBinaries, ManagedProcess } from '@resource-broker/testbed'
import { ROOT, type Site, startWorkspaces } from '../../support/landscape.ts'
import type { Engine } from './engine.ts'

const ISSUER = join(ROOT, 'examples/issuer')

/** Workspaces of the sandbox, and at the providers the example's issuer. */
export const sandbox: Engine = {
  title: 'Setting the stage on this machine: a control plane with four workspaces, nats-server, the broker',
  logs: '*.log are nats-server, the issuers and the services',
  async prepare(tell) {
    await ensureBinaries(['nats-server'], (line) => tell.says(line))
    tell.saw('tools', `nats-server is ready; what was built is in ${cacheDirectory().replace(homedir(), '~')}`)
  },
  async start(options) {
    const landscape = await startWorkspaces({ ...options, providerCrds: [join(ISSUER, 'certificate-crd.yaml')] })
    return {
      landscape,
      async startIssuing(provider, running) {
        running.services.push(await startIssuer(landscape.providers[provider] as Site, options.dir))
        return "the example's issuer"
      },
    }
  },
}

async function startIssuer({ name, kubeconfig }: Site, dir: string): Promise<ManagedProcess> {
  return ManagedProcess.start({
    name: `issuer of ${name}`,
    command: process.execPath,
    args: [join(ISSUER, 'src/main.ts'), '--kubeconfig', kubeconfig, '--organization', name],
    logFile: join(dir, `issuer-${name}.log`),
    env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node') },
  })
}
