import {
  AcceptAPI,
  Assignment,
  annotations,
  type CopyStatus,
  copiesExportName,
  StagingWorkspace,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from '@resource-broker/api'
import { type Fence, type KeyView, type KubeObject, OwnershipLostError } from '@resource-broker/bus'
import { EndpointSet, KubeClient } from '@resource-broker/kube'
import { type KcpClusters, type Logger, Staging, StagingRecords } from '@resource-broker/service'
import { newMemory, type ProvisionerMemory } from './context.ts'
import { type FakeKcp, type Held, ROOTS, SHARD } from './fake-kcp.ts'
import { Provisioner } from './provisioner.ts'
import { provisionerContext } from './service.ts'

/** Objects and replicas for the tests of this service. */
const COORDINATION = 'root:broker'
const EXPORT = { providerCluster: 'alpha', apiExportName: 'things' }
export const STAGED = stagingWorkspaceName({ ...EXPORT, consumerCluster: 'acme' })
export const TRIAL = verificationWorkspaceName(EXPORT)
export const COPIES = copiesExportName(EXPORT)
const BROKER = 'broker-1'
const GVR = { group: 'example.io', version: 'v1', resource: 'things' }
const LOGGER = { info: () => undefined, warn: () => undefined, debug: () => undefined } as unknown as Logger

/** One time that a replica owns a partition. */
export type Tenure = { memory: ProvisionerMemory; fence: Fence; end: () => void }

export function tenure(): Tenure {
  const ending = new AbortController()
  const { signal } = ending
  const fence = { signal, check: () => signal.throwIfAborted() }
  return { memory: newMemory(), fence, end: () => ending.abort(new OwnershipLostError('it may be another’s')) }
}

/** A replica of the provisioner at a kcp. */
export class Replica {
  readonly provisioner: Provisioner
  readonly staging: Staging
  readonly records = new StagingRecords()
  readonly trees: ReturnType<typeof provisionerContext>['trees']
  readonly #views = new Map<string, { messages: Record<string, unknown>; of: Tenure }>()
  readonly #stopping = new AbortController()

  private constructor(kcp: FakeKcp, name: string, idleMs: number) {
    const base = new KubeClient({ transport: kcp.wireOf(name), base: '' })
    const at = (url: string) => base.below(new URL(url).pathname)
    const endpoints = new EndpointSet()
    endpoints.set([SHARD])
    this.staging = new Staging(endpoints, { at } as ConstructorParameters<typeof Staging>[1], ROOTS)
    const coordination = base.below(`/clusters/${COORDINATION}`)
    this.records.follow(coordination, LOGGER, this.#stopping.signal)
    const clusters = {
      ...{ coordination, brokerID: BROKER, kinds: { all: [{ ...GVR, kind: 'Thing' }] } },
      providers: {
        client: (of: string) => base.below(`/clusters/${of}`),
        pathOf: (of: string) => of,
        isGone: () => false,
      },
      kcp: { base, staging: this.staging, records: this.records, roots: ROOTS },
    } as unknown as KcpClusters
    const context = provisionerContext({ logger: LOGGER, tracing: undefined, config: {} }, clusters)
    this.trees = context.trees
    this.provisioner = new Provisioner(context, { idleMs, wake: (key) => void this.#look(key) })
  }

  static async start(kcp: FakeKcp, name: string, { idleMs = 0 } = {}): Promise<Replica> {
    const replica = new Replica(kcp, name, idleMs)
    await Promise.all([replica.staging.bindings.start(), replica.provisioner.follow(replica.#stopping.signal)])
    return replica
  }

  /** Hears what is known of a key, in a time that it owns its partition. */
  async hear(of: Tenure, key: string, messages: Record<string, unknown>): Promise<void> {
    this.#views.set(key, { messages, of })
    await this.#look(key)
  }

  async #look(key: string): Promise<void> {
    const { messages, of } = this.#views.get(key) as { messages: Record<string, unknown>; of: Tenure }
    if (of.fence.signal.aborted) return
    const view = { get: (part: string) => messages[part], told: () => [] } as unknown as KeyView
    await this.provisioner.take({ key, view, ...of }).catch((error: unknown) => {
      if (!(error instanceof OwnershipLostError)) throw error // as the bus does: a run that is over is given up
    })
  }

  /** Resolves when nothing runs any more; it does nothing from then on. */
  async stop(): Promise<void> {
    await this.provisioner.stop()
    this.#stopping.abort()
    this.staging.bindings.stop()
  }
}

/** A kcp with an offer of alpha, and what a replica hears of it. */
export function offered(kcp: FakeKcp): Record<string, unknown> {
  const { apiVersion, kind } = AcceptAPI
  kcp.put('alpha', 'acceptapis', 'things', { apiVersion, kind, spec: { gvr: GVR, apiExportName: 'things' } })
  return { acceptapi: { provider: 'alpha', name: 'things', object: kcp.find('alpha', 'acceptapis', 'things') } }
}

/** An Assignment of an object of acme to alpha, and what a replica hears of it. */
export function assigned(kcp: FakeKcp, name: string): Record<string, unknown> {
  const object = { consumerCluster: 'acme', gvr: GVR, namespace: 'default', name, uid: `uid-${name}` }
  const spec = { ...object, providerCluster: 'alpha', acceptAPIName: 'things' }
  return record(kcp, name, { spec, status: { phase: 'Bound' } })
}

function record(kcp: FakeKcp, object: string, content: object): Record<string, unknown> {
  const { apiVersion, kind, plural } = Assignment
  const name = `assignment-${object}`
  kcp.put(COORDINATION, plural, name, { apiVersion, kind, ...content })
  return { assignment: { name, object: kcp.find(COORDINATION, plural, name) } }
}

/** The same object at beta, with this record of the copy that alpha had of it. */
export function moved(kcp: FakeKcp, name: string, recorded: Partial<CopyStatus> | undefined): Record<string, unknown> {
  const { spec } = Assignment.of(kcp.find(COORDINATION, Assignment.plural, `assignment-${name}`) as KubeObject)
  const left = { providerCluster: 'alpha', applied: true, ready: false, state: 'Leaving', ...recorded }
  const status = { phase: 'Bound', copies: recorded === undefined ? [] : [left] }
  return record(kcp, name, { spec: { ...spec, providerCluster: 'beta' }, status })
}

export function unassign(kcp: FakeKcp, name: string): Record<string, unknown> {
  kcp.remove(COORDINATION, Assignment.plural, `assignment-${name}`)
  return { assignment: { name: `assignment-${name}`, object: null } }
}

export const recordIn = (kcp: FakeKcp): Held | undefined => kcp.find(COORDINATION, StagingWorkspace.plural, STAGED)
export const workspaceIn = (kcp: FakeKcp): Held | undefined => kcp.find(ROOTS.staging, 'workspaces', STAGED)
/** A copy of an object in the workspace, as the syncer makes it. */
export function putCopy(kcp: FakeKcp, name: string, broker = BROKER): void {
  const metadata = { annotations: { [annotations.brokerID]: broker } }
  kcp.put(insideOf(kcp), GVR.resource, name, { metadata })
}

export const removeCopy = (kcp: FakeKcp, name: string): void => kcp.remove(insideOf(kcp), GVR.resource, name)

/** The logical cluster of the workspace. */
const insideOf = (kcp: FakeKcp): string => (workspaceIn(kcp)?.spec?.['cluster'] as string | undefined) ?? ''

/** How the copies in the workspace are reached. */
export const wayIn = (kcp: FakeKcp): Held | undefined => kcp.find(insideOf(kcp), 'apibindings', 'copies')
