export { ensureBinaries, ensureCrds } from './binaries.ts'
export { type CertificateProvider, startCertificateProvider, startCertManager, startKro } from './cert-provider.ts'
export {
  ClusterClient,
  ClusterError,
  type Credentials,
  isNotFound,
  type KubeObject,
  parseObjects,
} from './cluster-client.ts'
export {
  type ControlPlane,
  type ControlPlaneOptions,
  type Identity,
  type Period,
  startControlPlane,
} from './control-plane.ts'
export type { Controller } from './controller-manager.ts'
export { writeKubeconfig } from './kubeconfig.ts'
export { type Nats, type NatsOptions, startNats } from './nats.ts'
export { CertificateAuthority } from './pki.ts'
export { freePort } from './ports.ts'
export { type Postgres, startPostgres } from './postgres.ts'
export { ensurePostgres, PostgresUnavailableError } from './postgres-binaries.ts'
export { logTail, ManagedProcess, type ProcessSpec, StartError } from './processes.ts'
export { playReadme, prepareReadme, type ReadmeOptions, type Walk } from './readme.ts'
export { type BinaryName, cacheDirectory, type Report } from './tools.ts'
export { waitFor } from './wait.ts'
export { readWalkthrough, WalkError, type WalkOptions, type WalkStep, Walkthrough } from './walkthrough.ts'
export { guard, release } from './watchdog.ts'
