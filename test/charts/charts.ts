import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ControlPlaneOptions, ensureBinaries } from '@resource-broker/testbed'
import { parseAllDocuments } from 'yaml'
import { type PlaneSite, ROOT, startSite } from '../support/landscape.ts'

const execute = promisify(execFile)

export const CHARTS = join(ROOT, 'deploy/charts')
/** Where the charts go: pods there are held to restricted Pod Security. */
export const NAMESPACE = 'broker'
const RESTRICTED = ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
/** Of the API server that the tests build: without a cluster helm takes itself for an older one. */
const KUBE_VERSION = '--kube-version=1.34.0'

/** An object of a rendered chart, as far as tests look into it. */
export type Rendered = { kind: string; metadata: { name: string }; rules?: unknown; spec?: Record<string, unknown> }

/** helm and kubectl, and an API server that they talk to. */
export type ChartHome = {
  plane: PlaneSite
  helm(...args: string[]): Promise<string>
  kubectl(...args: string[]): Promise<string>
  /** The manifests of a chart with the values of these files. */
  render(chart: string, ...valueFiles: string[]): Promise<string>
  /** What the API server says to manifests that it shall not keep; rejects for a refusal and for a warning. */
  tryOut(manifests: string): Promise<string>
  stop(): Promise<void>
}

/** Starts an API server with an empty namespace for charts. */
export async function startChartHome(options: Omit<ControlPlaneOptions, 'name' | 'dir'> = {}): Promise<ChartHome> {
  const dir = await mkdtemp(join(tmpdir(), 'charts-'))
  const binaries = await ensureBinaries(['helm', 'kubectl'], (line) => console.log(line))
  const plane = await startSite({ name: 'platform', dir, ...options })
  const env = { ...process.env, KUBECONFIG: plane.kubeconfig, HELM_CACHE_HOME: join(dir, 'helm') }
  const tool = async (command: string, args: string[]) =>
    (await execute(command, args, { env, maxBuffer: 2 ** 26 })).stdout
  const helm = (...args: string[]) => tool(binaries.helm, args)
  const kubectl = (...args: string[]) => tool(binaries.kubectl, args)
  const labels = Object.fromEntries(RESTRICTED)
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } } as never)
  return {
    ...{ plane, helm, kubectl },
    render: (chart, ...files) => {
      const values = files.flatMap((file) => ['--values', file])
      return helm('template', 'broker', join(CHARTS, chart), '--namespace', NAMESPACE, KUBE_VERSION, ...values)
    },
    tryOut: async (manifests) => {
      const file = join(dir, 'manifests.yaml')
      await writeFile(file, manifests)
      const strict = ['--dry-run=server', '--validate=strict', '--warnings-as-errors']
      return await kubectl('apply', '--namespace', NAMESPACE, ...strict, '-f', file)
    },
    stop: async () => {
      await plane.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The names of the charts. */
export async function chartNames(): Promise<string[]> {
  const entries = await readdir(CHARTS)
  return entries.filter((name) => name !== 'examples')
}

/** The objects of manifests in one text. */
export function objectsOf(manifests: string): Rendered[] {
  return parseAllDocuments(manifests).flatMap((document) => {
    const object = document.toJS() as Rendered | null
    return object === null ? [] : [object]
  })
}

/** The text of one of our files. */
export const readOurs = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')
