import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Receives one line of progress for a human. */
export type Report = (line: string) => void

/** What `ensureBinaries` can prepare. */
export type BinaryName =
  | 'nats-server'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'coredns'
  | 'cert-manager'
  | 'kro'
  | 'kubectl'
  | 'helm'
  | 'docker-compose'

/** How one binary is built from the Go modules in `tools/`. */
export type Tool = {
  /** Folder below `tools/` that holds the go.mod. */
  folder: string
  /** Go package of the command. */
  package: string
  /** The module whose version go.mod pins. */
  module: string
  /** Go variables that the linker sets to the version of `module`. */
  versionVariables?: (version: string) => Record<string, string>
  /** The oldest release that is taken from PATH instead, as major and minor. */
  fromPath?: readonly [major: number, minor: number]
  /** Folder of CRDs inside the module. */
  crds?: string
  /** Measured on two cores with empty Go caches, in seconds. */
  buildSeconds: number
  /** What the product needs it for, in a few words. */
  purpose: string
}

const kubernetesVersion = (version: string) => {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const variables: Record<string, string> = {}
  for (const pkg of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
    variables[`${pkg}.gitVersion`] = version
    variables[`${pkg}.gitMajor`] = major
    variables[`${pkg}.gitMinor`] = minor
    variables[`${pkg}.gitTreeState`] = 'clean'
  }
  return variables
}

export const TOOLS: Readonly<Record<BinaryName, Tool>> = {
  'nats-server': {
    folder: 'nats-server',
    package: 'github.com/nats-io/nats-server/v2',
    module: 'github.com/nats-io/nats-server/v2',
    fromPath: [2, 11],
    buildSeconds: 35,
    purpose: 'the message bus',
  },
  etcd: {
    folder: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    module: 'go.etcd.io/etcd/server/v3',
    // On 3.4 the API server's watch caches stop under load, with "Too large resource version".
    fromPath: [3, 6],
    buildSeconds: 35,
    purpose: 'the store of each control plane',
  },
  'kube-apiserver': {
    folder: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    module: 'k8s.io/kubernetes',
    versionVariables: kubernetesVersion,
    fromPath: [1, 33],
    buildSeconds: 220,
    purpose: 'the API of each control plane',
  },
  'kube-controller-manager': {
    folder: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    module: 'k8s.io/kubernetes',
    versionVariables: kubernetesVersion,
    fromPath: [1, 33],
    buildSeconds: 65,
    purpose: 'the garbage collector of the providers',
  },
  'kube-scheduler': {
    folder: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    module: 'k8s.io/kubernetes',
    versionVariables: kubernetesVersion,
    buildSeconds: 14,
    purpose: 'gives pods their node',
  },
  'kube-proxy': {
    folder: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-proxy',
    module: 'k8s.io/kubernetes',
    versionVariables: kubernetesVersion,
    buildSeconds: 23,
    purpose: 'the addresses of Services on a node',
  },
  kubelet: {
    folder: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kubelet',
    module: 'k8s.io/kubernetes',
    versionVariables: kubernetesVersion,
    buildSeconds: 57,
    purpose: 'runs the pods of a node',
  },
  coredns: {
    folder: 'coredns',
    package: '.',
    module: 'github.com/coredns/coredns',
    buildSeconds: 148,
    purpose: 'the names of Services',
  },
  'cert-manager': {
    folder: 'cert-manager',
    package: '.',
    module: 'github.com/cert-manager/cert-manager',
    crds: 'deploy/crds',
    buildSeconds: 125,
    purpose: 'issues the certificates of the providers',
  },
  kro: {
    folder: 'kro',
    package: 'github.com/kubernetes-sigs/kro/cmd/controller',
    module: 'github.com/kubernetes-sigs/kro',
    crds: 'helm/crds',
    buildSeconds: 100,
    purpose: "turns the generic Certificate into the providers' own",
  },
  kubectl: {
    folder: 'kubectl',
    package: '.',
    module: 'k8s.io/kubectl',
    // Published as v0.N.P for Kubernetes v1.N.P. Never from PATH: its words differ from release to release.
    versionVariables: (version) => kubernetesVersion(version.replace(/^v0/, 'v1')),
    buildSeconds: 60,
    purpose: 'the client that the tests of the sandbox run',
  },
  helm: {
    folder: 'helm',
    package: 'helm.sh/helm/v3/cmd/helm',
    module: 'helm.sh/helm/v3',
    // Without it helm takes itself for a build of nobody knows what, and charts cannot ask for a version of it.
    versionVariables: (version) => ({ 'helm.sh/helm/v3/internal/version.version': version }),
    buildSeconds: 115,
    purpose: 'installs the charts of deploy/charts',
  },
  'docker-compose': {
    folder: 'compose',
    package: 'github.com/docker/compose/v5/cmd',
    module: 'github.com/docker/compose/v5',
    versionVariables: (version) => ({ 'github.com/docker/compose/v5/internal.Version': version }),
    buildSeconds: 100,
    purpose: 'the plugin of docker that runs deploy/compose.yaml',
  },
}

const TOOLS_DIRECTORY = fileURLToPath(new URL('../../../tools/', import.meta.url))

export function sourceDirectory(tool: Tool): string {
  return join(TOOLS_DIRECTORY, tool.folder)
}

/** The version of the tool's module that its go.mod pins, such as `v2.15.2`. */
export function pinnedVersion(tool: Tool): string {
  const requirements = readFileSync(join(sourceDirectory(tool), 'go.mod'), 'utf8')
  const line = requirements.split('\n').find((each) =>
    each
      .trim()
      .replace(/^require /, '')
      .startsWith(`${tool.module} v`),
  )
  const version = line?.match(/ (v\S+)/)?.[1]
  if (version === undefined) throw new Error(`tools/${tool.folder}/go.mod does not pin ${tool.module}`)
  return version
}

/** `-ldflags` of the build: no symbol tables, and the version that the binary tells. */
export function linkerFlags(tool: Tool): string {
  const variables = Object.entries(tool.versionVariables?.(pinnedVersion(tool)) ?? {})
  return ['-s', '-w', ...variables.map(([name, value]) => `-X ${name}=${value}`)].join(' ')
}

/** Holds what was built, by the hash of what it was built from; outside the checkout, so that clones share it. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { RESOURCE_BROKER_CACHE, XDG_CACHE_HOME } = environment
  return RESOURCE_BROKER_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'resource-broker')
}

/** The folder in the cache that holds the binary and, where it has some, its CRDs as `crds/`. */
export function cachedDirectory(name: BinaryName): string {
  return join(cacheDirectory(), 'tools', `${name}-${fingerprint(TOOLS[name])}`)
}

function fingerprint(tool: Tool): string {
  const hash = createHash('sha256')
  const directory = sourceDirectory(tool)
  // go.mod states the Go version, so the installed one is not needed to find what was built.
  for (const file of readdirSync(directory).sort()) hash.update(`${file}\n`).update(readFileSync(join(directory, file)))
  hash.update([tool.package, linkerFlags(tool), tool.crds, process.platform, process.arch].join('\n'))
  return hash.digest('hex').slice(0, 12)
}
