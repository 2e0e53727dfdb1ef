/** A JSON schema, as far as values need it. */
export type Schema = Readonly<Record<string, unknown>>

/** One value of a chart, or a group of values. An empty default leaves it to `global`, then to what the text says. */
export type Value = { doc: string } & ({ default: unknown; schema: Schema } | { group: Values })

/** The values of a chart by name, in the order of values.yaml. */
export type Values = Readonly<Record<string, Value>>

const text = (doc: string, fallback = ''): Value => ({ doc, default: fallback, schema: { type: 'string' } })
const oneOf = (doc: string, options: readonly string[], fallback: string): Value => ({
  ...{ doc, default: fallback },
  schema: { enum: fallback === '' ? ['', ...options] : options },
})
const flag = (doc: string, fallback: boolean): Value => ({ doc, default: fallback, schema: { type: 'boolean' } })
const count = (doc: string, fallback: number, minimum = 0): Value => ({
  ...{ doc, default: fallback },
  schema: { type: 'integer', minimum },
})
const texts = (doc: string): Value => ({ doc, default: [], schema: { type: 'array', items: { type: 'string' } } })
const objects = (doc: string): Value => ({ doc, default: [], schema: { type: 'array', items: { type: 'object' } } })
const labels = (doc: string): Value => ({
  ...{ doc, default: {} },
  schema: { type: 'object', additionalProperties: { type: 'string' } },
})
const anything = (doc: string, fallback: object = {}): Value => ({ doc, default: fallback, schema: { type: 'object' } })
const group = (doc: string, values: Values): Value => ({ doc, group: values })
const secretKey = (doc: string, key: string): Value =>
  group(doc, { name: text('Name of the Secret'), key: text(`Key in it; ${key} if empty`) })

/** Those that OpenTelemetry defines for all programs. */
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`])

/** What all services of a release have in common: a chart's own values, and for the umbrella chart below `global`. */
export function sharedValues(config: Schema): Values {
  return {
    image: group('The image; all services are in it', {
      repository: text('Where it is; resource-broker if empty'),
      tag: text("The chart's appVersion if empty"),
      digest: text('Such as sha256:...; comes before the tag'),
      pullPolicy: oneOf('IfNotPresent if empty', ['Always', 'IfNotPresent', 'Never'], ''),
    }),
    imagePullSecrets: objects('Such as [{ name: registry }]'),
    config: { doc: 'Flags of the service, by their names in camelCase: see below', default: {}, schema: config },
    nats: group('The NATS cluster', {
      urls: texts('Such as [nats://nats:4222]; required'),
      credentialsSecret: group('NATS credentials: a .creds file, or the seed of an nkey', {
        name: text('Name of the Secret'),
        key: text('Key in it; nats.creds if empty; {service} in it is the name of the service'),
      }),
      caSecret: secretKey('Authorities that the servers are verified with', 'ca.crt'),
      clientCertificateSecret: text('Name of a Secret of type kubernetes.io/tls'),
    }),
    kcp: group('kcp mode; excludes `clusters`', {
      kubeconfigSecret: secretKey('What `bootstrap` wrote', 'kubeconfig'),
    }),
    clusters: group('Mode of plain clusters; excludes `kcp`', {
      platform: group('The cluster of the Assignments', {
        inCluster: flag(
          'It is the cluster that this is installed in: as the ServiceAccount, with a ClusterRole',
          false,
        ),
        kubeconfigSecret: secretKey('A kubeconfig for it', 'kubeconfig'),
      }),
      consumersSecret: text('Name of a Secret with a kubeconfig per consumer: NAME.kubeconfig; may change at any time'),
      providersSecret: text('The same for providers'),
    }),
    compute: group('Where stages of moves deploy; workspace-watcher and migration-coordinator use it', {
      kubeconfigSecret: secretKey('A kubeconfig for that cluster; no stage deploys anything if empty', 'kubeconfig'),
    }),
    serviceMonitor: group('For the Prometheus operator', {
      enabled: flag('Make a ServiceMonitor', false),
      labels: labels('That Prometheus selects by'),
    }),
    prometheusRule: group('Alerts, for the Prometheus operator', {
      enabled: flag('Make a PrometheusRule', false),
      labels: labels('That Prometheus selects by'),
    }),
    traces: group('OpenTelemetry', {
      endpoint: text(
        'Who takes traces by OTLP over HTTP, such as http://collector.monitoring:4318; none are made if empty',
      ),
      sampler: oneOf('Which are kept: OTEL_TRACES_SAMPLER; all if empty', SAMPLERS, ''),
      samplerArg: text('OTEL_TRACES_SAMPLER_ARG: which share, such as "0.01"'),
    }),
    priorityClassName: text('Of the pods'),
    nodeSelector: labels('Of the pods'),
    tolerations: objects('Of the pods'),
  }
}

/** What the umbrella chart has besides: `config` is the schema of the flags of `bootstrap`. */
export const bootstrapValues = (config: Schema): Values => ({
  bootstrap: group(
    'kcp mode: a Job that prepares the kcp before the services come, and makes the Secret global.kcp.kubeconfigSecret',
    {
      enabled: flag('Whether it runs, at each installation and upgrade', false),
      adminSecret: secretKey('The kubeconfig of an administrator of the kcp', 'kubeconfig'),
      crds: labels(
        'CustomResourceDefinitions of kinds to broker: name to text, such as --set-file bootstrap.crds.certificate=FILE',
      ),
      config: { doc: 'Flags of bootstrap, by their names in camelCase', default: {}, schema: config },
    },
  ),
})

const PORT = { type: 'integer', minimum: 1, maximum: 65_535 }

/** What a service's chart has besides. */
export const ownValues: Values = {
  enabled: flag('Whether the umbrella chart installs this one', true),
  fullnameOverride: text('Of every object; RELEASE-CHART if empty'),
  replicas: count('Pods; each partition is owned by one of them', 2, 1),
  resources: anything('Of the container', {
    requests: { cpu: '100m', memory: '128Mi' },
    limits: { memory: '512Mi' },
  }),
  nodeOptions: text('NODE_OPTIONS of the container'),
  httpHost: text('What health and metrics are served on; "::" where there is no IPv4', '0.0.0.0'),
  terminationGracePeriodSeconds: count('Longer than the 10 s that a service takes for its stop at most', 30, 11),
  podAnnotations: labels('Of the pods'),
  podLabels: labels('Of the pods'),
  affinity: anything('Of the pods'),
  topologySpread: group('Pods of one service stay apart', {
    enabled: flag('Whether they do', true),
    topologyKey: text('What they are spread over', 'kubernetes.io/hostname'),
    whenUnsatisfiable: oneOf('What if they cannot', ['ScheduleAnyway', 'DoNotSchedule'], 'ScheduleAnyway'),
  }),
  podDisruptionBudget: group('Of a drain', {
    enabled: flag('Make a PodDisruptionBudget, if there are two replicas or more', true),
    maxUnavailable: count('Pods that may be away at once', 1, 1),
  }),
  serviceAccount: group('What the pods run as; it has no rights but with clusters.platform.inCluster', {
    create: flag('Make it', true),
    name: text('The name of every object if empty'),
    annotations: labels('Of the ServiceAccount'),
  }),
  networkPolicy: group('Pods may talk to DNS, NATS, API servers and who takes traces alone', {
    enabled: flag('Make a NetworkPolicy', true),
    natsPorts: { doc: 'Of the NATS servers', default: [4222], schema: { type: 'array', items: PORT } },
    apiServerPorts: { doc: 'Of all API servers', default: [443, 6443], schema: { type: 'array', items: PORT } },
    tracesPorts: {
      doc: 'Of traces.endpoint, if there is one',
      default: [4318],
      schema: { type: 'array', items: PORT },
    },
    metricsFrom: objects(
      'Peers that may read metrics, besides the pods of this namespace: as in `from` of an ingress rule',
    ),
  }),
}
