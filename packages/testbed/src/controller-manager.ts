import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBinaries } from './binaries.ts'
import { ManagedProcess } from './processes.ts'
import type { Report } from './tools.ts'

/** Names as `kube-controller-manager --controllers` takes them; `*` is all that run by default. */
export type Controller =
  | '*'
  | 'garbage-collector-controller'
  | 'resourcequota-controller'
  | 'namespace-controller'
  | 'root-ca-certificate-publisher-controller'

type ControllerManagerOptions = {
  controlPlane: { name: string; dir: string; kubeconfig: string }
  controllers: readonly Controller[]
  report: Report
}

/**
 * Starts a kube-controller-manager that runs only `controllers`. The garbage collector looks for new kinds every 30 s: start it
 * when the CRDs whose objects it has to collect are there.
 */
export async function startControllerManager(options: ControllerManagerOptions): Promise<ManagedProcess> {
  const { controlPlane, controllers, report } = options
  const binaries = await ensureBinaries(['kube-controller-manager'], report)
  const logFile = join(controlPlane.dir, 'kube-controller-manager.log')
  return ManagedProcess.start({
    name: `kube-controller-manager of ${controlPlane.name}`,
    command: binaries['kube-controller-manager'],
    args: [
      `--kubeconfig=${controlPlane.kubeconfig}`,
      `--controllers=${controllers.join(',')}`,
      `--root-ca-file=${join(controlPlane.dir, 'ca.crt')}`,
      `--service-account-private-key-file=${join(controlPlane.dir, 'service-accounts.key')}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--concurrent-gc-syncs=10',
    ],
    logFile,
    // It serves nothing with its port off; its log says what runs.
    ready: () => {
      const log = readFileSync(logFile, 'utf8')
      return controllers.every((each) => isRunning(each, log))
    },
  })
}

/** The collector runs when it knows every object; with `*` it is among the last that do. */
function isRunning(controller: Controller, log: string): boolean {
  if (controller === '*' || controller === 'garbage-collector-controller')
    return /all resource monitors have synced/.test(log)
  return log.includes(`"Started controller" controller="${controller}"`)
}
