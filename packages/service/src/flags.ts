import { accessSync, constants, statSync } from 'node:fs'
import { kcpLayout, STAGE_KINDS } from '@resource-broker/api'
import { z } from 'zod'

/** A port and the interface that it is opened on. */
export type HostPort = { host: string; port: number }

/** A kind to broker, as `--watch-kind Kind.version.group` names it; the core group is `''`. */
type WatchedKind = { group: string; version: string; kind: string }

function isReadable(path: string, wanted: 'file' | 'directory'): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isDirectory() === (wanted === 'directory')
  } catch {
    return false
  }
}

/** A path that must name a readable file when the service starts. */
export function file(description: string) {
  return z
    .string()
    .refine((path) => isReadable(path, 'file'), { error: ({ input }) => `no readable file at "${input}"` })
    .meta({ description, value: 'FILE' })
}

/** A path that must name a readable directory when the service starts. */
export function directory(description: string) {
  return z
    .string()
    .refine((path) => isReadable(path, 'directory'), { error: ({ input }) => `no readable directory at "${input}"` })
    .meta({ description, value: 'DIR' })
}

/** A flag that may be repeated and takes comma-separated values; empty when it is not given. */
export function list<T extends z.ZodType>(item: T) {
  return z.array(item).default([])
}

const natsUrl = z
  .string()
  .superRefine((text, context) => {
    // The text itself stays out of the messages: it may hold a password.
    const url = URL.parse(text)
    if (url === null || !/^(nats|tls|wss?):$/.test(url.protocol) || url.hostname === '') {
      context.addIssue({ code: 'custom', message: 'must be a URL such as nats://127.0.0.1:4222' })
    } else if (url.username !== '' || url.password !== '') {
      context.addIssue({ code: 'custom', message: 'must not hold a user or password: use --nats-credentials FILE' })
    }
  })
  .meta({ description: 'Servers of the NATS cluster', value: 'URL' })

const httpAddress = z
  .string()
  .transform((text, context): HostPort | null => {
    if (text === '0') return null
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text) ?? []
    if (port === '' || Number(port) > 65535) {
      context.addIssue({ code: 'custom', message: `must be HOST:PORT, :PORT or 0, got "${text}"` })
      return z.NEVER
    }
    return { host: host.replace(/^\[(.*)\]$/, '$1') || '::', port: Number(port) }
  })
  .prefault('127.0.0.1:0')
  .meta({
    description: 'Where health and metrics are served; port 0: a free one, which is logged; 0: nowhere',
    value: 'HOST:PORT',
  })

const watchedKind = z
  .string()
  .transform((text, context): WatchedKind => {
    const [, kind, version, group] = /^([A-Za-z][A-Za-z0-9]*)\.(v[0-9][a-z0-9]*)\.([a-z0-9.-]*)$/.exec(text) ?? []
    if (kind === undefined || version === undefined || group === undefined) {
      const example = 'Certificate.v1alpha1.example.platform-mesh.io'
      context.addIssue({ code: 'custom', message: `must be Kind.version.group such as ${example}, got "${text}"` })
      return z.NEVER
    }
    return { kind, version, group }
  })
  .meta({ description: 'Kind to broker', value: 'KIND.VERSION.GROUP' })

/** The flags that every service has. */
export const sharedFlags = {
  nats: list(natsUrl).meta({ description: 'Servers of the NATS cluster', value: 'URL' }),
  natsCredentials: file('NATS credentials: a .creds file, or the seed of an nkey').optional(),
  natsCa: file('Certificate authorities that the NATS servers are verified with (PEM)').optional(),
  natsCert: file('Client certificate for NATS (PEM)').optional(),
  natsKey: file('Key of the client certificate for NATS (PEM)').optional(),
  streamPrefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, {
      error: ({ input }) => `only letters, digits, "-" and "_" are allowed, got "${input}"`,
    })
    .default('broker')
    .meta({ description: 'First part of every stream, bucket and subject name', value: 'NAME' }),
  partitions: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .meta({ description: 'Partitions of the streams; the same for all services of a broker' }),
  streamReplicas: z.int().min(1).max(5).optional().meta({
    description: 'Copies of each stream and bucket; if left out, 3 in a NATS cluster, else 1',
  }),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .meta({ description: 'Lowest level that is logged' }),
  logFormat: z.enum(['json', 'pretty']).default('json').meta({ description: 'How log lines look' }),
  httpAddress,
}

/** The path of a kcp workspace. */
export const workspacePath = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(:[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, {
      error: ({ input }) => `must be a workspace path such as root:platform:broker, got "${input}"`,
    })
    .meta({ description, value: 'PATH' })

/** The flags of the services that talk to the platform. */
export const coordinationFlags = {
  coordinationKubeconfig: file('Kubeconfig of the coordination cluster; without kcp').optional(),
  kcpKubeconfig: file('kcp: kubeconfig of any of its workspaces').optional(),
  coordinationWorkspace: workspacePath(
    `kcp: workspace of the broker's records and APIExportEndpointSlices; ${kcpLayout.coordinationWorkspace} if left out, with --shard ${kcpLayout.coordinationWorkspace}-NAME`,
  ).optional(),
  shard: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, { error: ({ input }) => `must be the name of a shard, got "${input}"` })
    .optional()
    .meta({
      description:
        "kcp: the shard that this set of services is for: what it has on NATS, its workspaces and its words on AcceptAPIs are apart from other sets'",
      value: 'NAME',
    }),
}

/** The flags of the services that talk to clusters. */
export const clusterFlags = {
  ...coordinationFlags,
  acceptapi: z.string().default(kcpLayout.acceptAPISlice).meta({
    description: "kcp: APIExportEndpointSlice of the AcceptAPIs; every other is a brokered API's",
    value: 'NAME',
  }),
  stagingTreeRoot: workspacePath(
    'kcp: workspace below which those of the copies are made; :staging below the coordination workspace if left out',
  ).optional(),
  verificationTreeRoot: workspacePath(
    'kcp: workspace below which exports are bound for a trial; :verification below the coordination workspace if left out',
  ).optional(),
  consumerKubeconfig: list(file('')).meta({ description: 'Kubeconfigs of single consumers', value: 'FILE' }),
  consumerKubeconfigDir: list(directory('')).meta({
    description: 'Directories with a kubeconfig per consumer; files may come and go',
    value: 'DIR',
  }),
  providerKubeconfig: list(file('')).meta({ description: 'Kubeconfigs of single providers', value: 'FILE' }),
  providerKubeconfigDir: list(directory('')).meta({
    description: 'Directories with a kubeconfig per provider; files may come and go',
    value: 'DIR',
  }),
  watchKind: list(watchedKind).meta({ description: 'Kinds to broker', value: 'KIND.VERSION.GROUP' }),
}

/** The flags of the services that run stages of moves. */
export const computeFlags = {
  computeKubeconfig: file(
    'Kubeconfig of the cluster for what the stages of moves deploy; the same for all services of a broker',
  ).optional(),
  stageNamespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
      error: ({ input }) => `must be the name of a namespace, got "${input}"`,
    })
    .optional()
    .meta({
      description: 'Namespace of the compute cluster for all stages; if left out, each Migration has one of its own',
      value: 'NAME',
    }),
  stageKinds: z
    .array(watchedKind)
    .prefault(STAGE_KINDS.map(({ kind, version, group }) => `${kind}.${version}.${group}`))
    .meta({
      description: 'Kinds that stages may deploy',
      value: 'KIND.VERSION.GROUP',
    }),
}

/** What the configuration of a service that runs stages holds besides. */
export type ComputeConfig = z.output<z.ZodObject<typeof computeFlags>>

/** What every service's configuration holds. */
export type SharedConfig = z.output<z.ZodObject<typeof sharedFlags>>

/** What the configuration of a service that talks to the platform holds besides. */
export type CoordinationConfig = z.output<z.ZodObject<typeof coordinationFlags>>

/** What the configuration of a service that talks to clusters holds besides. */
export type ClusterConfig = z.output<z.ZodObject<typeof clusterFlags>>

/** The schema of one service: the shared flags and its own, such as `{...clusterFlags, maxMoves: z.int().default(4)}`. */
export function configSchema<S extends z.core.$ZodLooseShape>(own: S) {
  return z.object({ ...sharedFlags, ...own }).superRefine(
    (config, context) => {
      const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
      const { natsCert, natsKey } = config as Partial<SharedConfig>
      if (natsCert === undefined && natsKey !== undefined) issue('natsKey', 'needs --nats-cert too')
      if (natsKey === undefined && natsCert !== undefined) issue('natsCert', 'needs --nats-key too')
      if ('coordinationKubeconfig' in own) for (const { path, message } of modeMistakes(config)) issue(path, message)
    },
    { when: () => true }, // besides what else is wrong
  )
}

/** Of these none makes sense with kcp. */
const WITHOUT_KCP = [
  ...['coordinationKubeconfig', 'watchKind'],
  ...['consumerKubeconfig', 'consumerKubeconfigDir', 'providerKubeconfig', 'providerKubeconfigDir'],
]

function modeMistakes(config: Record<string, unknown>): { path: string; message: string }[] {
  const isGiven = (flag: string) => config[flag] !== undefined && (config[flag] as { length: number }).length > 0
  if (config['kcpKubeconfig'] !== undefined)
    return WITHOUT_KCP.filter(isGiven).map((path) => ({ path, message: 'does not go together with --kcp-kubeconfig' }))
  const needsKcp = isGiven('shard') ? [{ path: 'shard', message: 'needs --kcp-kubeconfig' }] : []
  if (isGiven('coordinationKubeconfig')) return needsKcp
  const env = 'RESOURCE_BROKER_COORDINATION_KUBECONFIG'
  const message = `is required (or ${env}), unless --kcp-kubeconfig is given`
  return [...needsKcp, { path: 'coordinationKubeconfig', message }]
}
