import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBinaries, ensureCrds } from './binaries.ts'
import type { KubeObject } from './cluster-client.ts'
import type { ControlPlane } from './control-plane.ts'
import { freePort } from './ports.ts'
import { ManagedProcess } from './processes.ts'
import type { Report } from './tools.ts'
import { waitFor } from './wait.ts'

/** A control plane whose generic Certificates are issued: kro, cert-manager and the garbage collector work on it. */
export type CertificateProvider = {
  controlPlane: ControlPlane
  kro: ManagedProcess
  certManager: ManagedProcess
  garbageCollector: ManagedProcess
  /** Stops the controllers; the control plane goes on. Its own stop ends them too. */
  stop(): Promise<void>
}

/** What a controller works on, and the folder of its log. */
type Place = Pick<ControlPlane, 'name' | 'dir' | 'kubeconfig'>

const EXAMPLES = fileURLToPath(new URL('../../../examples/certs/provider/', import.meta.url))

/**
 * Makes `controlPlane` a provider of certificates: the CRDs and controllers of kro and cert-manager, a self-signed ClusterIssuer,
 * and the ResourceGraphDefinition in examples/certs/provider. Resolves when a generic Certificate would be issued.
 */
export async function startCertificateProvider(
  controlPlane: ControlPlane,
  { report = () => undefined }: { report?: Report } = {},
): Promise<CertificateProvider> {
  const { client } = controlPlane
  const binaries = await ensureBinaries(['kro', 'cert-manager', 'kube-controller-manager'], report)
  const crds = [await ensureCrds('kro', report), await ensureCrds('cert-manager', report)]
  await Promise.all(crds.map((directory) => client.applyDirectory(directory)))
  // Waits until the API server serves the kind, so that the controllers find it at their first look.
  await client.applyFile(join(EXAMPLES, 'cluster-issuer.yaml'))
  const [kro, certManager, garbageCollector] = await Promise.all([
    startKro(controlPlane, binaries.kro),
    startCertManager(controlPlane, binaries['cert-manager']),
    // Without it the Secret of a deleted Certificate would stay.
    controlPlane.startControllers(['garbage-collector-controller', 'namespace-controller'], report),
    client.applyFile(join(EXAMPLES, 'certificate-rgd.yaml')),
  ])
  controlPlane.attach(kro)
  controlPlane.attach(certManager)
  const patience = { timeoutMs: START_TIMEOUT_MS }
  await waitFor(
    `kro serves the definition (${kro.logFile})`,
    async () => isActive(await client.get(DEFINITION)),
    patience,
  )
  await waitFor(
    `the issuer is ready (${certManager.logFile})`,
    async () => isIssuing(await client.get(ISSUER)),
    patience,
  )
  return {
    controlPlane,
    kro,
    certManager,
    garbageCollector,
    async stop() {
      await Promise.all([kro, certManager, garbageCollector].map((each) => each.stop()))
    },
  }
}

/** Takes about two seconds on a quiet machine. */
const START_TIMEOUT_MS = 300_000

const DEFINITION: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'certificates.example.platform-mesh.io' },
}

const ISSUER: KubeObject = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  metadata: { name: 'self-signed' },
}

/** Resolves when kro is ready; `command` is its binary. */
export async function startKro({ name, dir, kubeconfig }: Place, command: string): Promise<ManagedProcess> {
  const port = await freePort()
  return ManagedProcess.start({
    name: `kro of ${name}`,
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--metrics-bind-address=0',
      `--health-probe-bind-address=127.0.0.1:${port}`,
      '--dynamic-controller-concurrent-reconciles=4',
      // Defaults of 3 s: a certificate would wait for the next look instead of for cert-manager.
      '--instance-requeue-interval=500ms',
      '--rgd-progress-requeue-delay=200ms',
    ],
    logFile: join(dir, 'kro.log'),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
  })
}

/** It serves nothing to ask; that its ClusterIssuer is ready says that it works. */
export function startCertManager({ name, dir, kubeconfig }: Place, command: string): Promise<ManagedProcess> {
  return ManagedProcess.start({
    name: `cert-manager of ${name}`,
    command,
    args: [`--kubeconfig=${kubeconfig}`],
    logFile: join(dir, 'cert-manager.log'),
  })
}

function isActive(definition: KubeObject | undefined): boolean {
  return definition?.['status']?.state === 'Active'
}

function isIssuing(issuer: KubeObject | undefined): boolean {
  const conditions: { type: string; status: string }[] = issuer?.['status']?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}
