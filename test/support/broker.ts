import { join } from 'node:path'
import { freePort, ManagedProcess } from '@resource-broker/testbed'
import { ENGINE, ROOT } from './landscape.ts'
import { OWN } from './nats.ts'

/** Those that have something to do on plain clusters. */
export const SERVICES = [
  'workspace-watcher',
  'acceptapi-registry',
  'placement-scheduler',
  'provider-syncer',
  'migration-coordinator',
] as const
/** Those that have something to do in a kcp. */
export const KCP_SERVICES = [...SERVICES, 'workspace-provisioner'] as const
export type ServiceName = (typeof KCP_SERVICES)[number]

/** The services that have something to do with these flags. */
export function servicesFor(flags: readonly string[]): readonly ServiceName[] {
  return flags.includes('--kcp-kubeconfig') ? KCP_SERVICES : SERVICES
}

/** Those of the engine that the tests run on. */
export const ENGINE_SERVICES: readonly ServiceName[] = ENGINE === 'kcp' ? KCP_SERVICES : SERVICES

/** What only the services that run stages of moves have. */
const COMPUTE = ['--compute-kubeconfig', '--stage-kinds']
/** What only the service that makes workspaces has. */
const STAGING = ['--keep-staging']
/** Flags that a service of this name does not have. */
const UNKNOWN_TO: Partial<Record<ServiceName | 'broker', string[]>> = {
  'workspace-watcher': STAGING,
  'migration-coordinator': STAGING,
  'acceptapi-registry': [...COMPUTE, ...STAGING],
  'placement-scheduler': [...COMPUTE, ...STAGING],
  'provider-syncer': [...COMPUTE, ...STAGING],
  'workspace-provisioner': COMPUTE,
}

/** As `npm run service` and `npm run broker` do. */
const SMALL = '--max-semi-space-size=8'
const LARGE = '--max-semi-space-size=64'

/** Where the logs of the services go, and the flags and the environment that all of them are started with. */
export type BrokerHome = { dir: string; flags: readonly string[]; env?: Readonly<Record<string, string>> }

/** `http`: host and port of its health and metrics. */
export type ServiceProcess = ManagedProcess & { http: string }

/** The value of a series as the metrics of a service have it now, named as it is there, with its labels; NaN: there is none. */
export async function metric({ http }: ServiceProcess, series: string): Promise<number> {
  const lines = (await (await fetch(`http://${http}/metrics`)).text()).split('\n')
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length))
}

/** The seconds of CPU that a service has taken so far, as its metrics say. */
export const cpuSeconds = (service: ServiceProcess): Promise<number> => metric(service, 'process_cpu_seconds_total')

/**
 * Starts one service, or with `broker` all of them in one process, as `npm run service` does; resolves when it says that it is ready.
 * `root` is the checkout that it is of.
 */
export async function startService(
  home: BrokerHome,
  name: ServiceName | 'broker',
  id: string = name,
  root: string = ROOT,
): Promise<ServiceProcess> {
  const unknown = [...(UNKNOWN_TO[name] ?? [])]
  // The users on NATS are for the streams of the default prefix.
  if (home.flags.includes('--stream-prefix')) unknown.push('--nats-credentials')
  const flags = home.flags.flatMap((flag, i, all) => {
    const isValue = !flag.startsWith('--')
    return unknown.includes(isValue ? (all[i - 1] as string) : flag) ? [] : [flag.replace(OWN, name)]
  })
  const http = `127.0.0.1:${await freePort()}`
  const running = await ManagedProcess.start({
    name: id,
    command: process.execPath,
    args: [
      name === 'broker' ? LARGE : SMALL,
      join(root, 'services', name, 'src/main.ts'),
      ...flags,
      '--http-address',
      http,
    ],
    logFile: join(home.dir, `${id}.log`),
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'), ...home.env },
    ready: async () => (await fetch(`http://${http}/readyz`)).ok,
  })
  return Object.assign(running, { http })
}
