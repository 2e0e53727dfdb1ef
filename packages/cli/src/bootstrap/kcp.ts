import { type Endpoint, isAlreadyExists, isNotFound, KubeClient, readKubeconfig } from '@resource-broker/kube'
import { BootstrapError } from '../errors.ts'
import { type Manifest, resources, workspaceManifest } from '../manifests/types.ts'
import { awaitObject, hasCondition, type KcpObject } from './await-object.ts'

export type Report = (line: string) => void

/** When an object of a kind works; others do once they are there. */
const READY: Record<string, (object: KcpObject) => boolean> = {
  APIExport: (object) => hasCondition('IdentityValid')(object) && object.status?.identityHash !== undefined,
  APIExportEndpointSlice: (object) =>
    hasCondition('APIExportValid')(object) &&
    (object.spec?.['partition'] === undefined || hasCondition('PartitionValid')(object)),
  CustomResourceDefinition: hasCondition('Established'),
}
/** Of what the bootstrap writes. */
export const FIELD_MANAGER = 'resource-broker-bootstrap'

/** A kcp as one login sees it. All calls throw BootstrapError, in one line with the workspace that it is about. */
export class Kcp {
  /** URL without a workspace. */
  readonly url: string
  readonly endpoint: Endpoint
  readonly #client: KubeClient
  readonly #report: Report
  readonly #timeoutMs: number

  constructor(endpoint: Endpoint, report: Report, timeoutMs: number) {
    // A kubeconfig of kcp names a workspace, whichever.
    this.url = endpoint.server.replace(/\/(clusters\/.*)?$/, '')
    this.endpoint = { ...endpoint, server: this.url }
    this.#client = new KubeClient(this.endpoint)
    this.#report = report
    this.#timeoutMs = timeoutMs
  }

  static async fromFile(path: string, report: Report, timeoutMs: number): Promise<Kcp> {
    return new Kcp(await readKubeconfig(path), report, timeoutMs)
  }

  in(workspace: string): KubeClient {
    return this.#client.below(`/clusters/${workspace}`)
  }

  /** Makes the workspace and those above it that are missing, and waits until it is Ready; with `shard` it is made there. */
  async ensureWorkspace(path: string, shard?: string): Promise<void> {
    const segments = path.split(':')
    for (const [i, name] of segments.entries()) {
      if (i === 0) continue
      const isLast = i === segments.length - 1
      await this.#ensureChild(segments.slice(0, i).join(':'), name, isLast ? shard : undefined)
    }
  }

  /** The name of the logical cluster behind a path. */
  async clusterName(workspace: string): Promise<string> {
    const ref = { ...resources.LogicalCluster, name: 'cluster' }
    const found = await about(workspace, () => this.in(workspace).get<KcpObject>(ref))
    const name = found.metadata.annotations?.['kcp.io/cluster']
    if (name === undefined) throw new BootstrapError(`${workspace}: the server does not speak kcp`)
    return name
  }

  /** Applies the objects in their order, each once the one before works; says of which something changed. */
  async apply(workspace: string, manifests: Manifest[]): Promise<void> {
    for (const each of manifests) await about(`${workspace}: ${titleOf(each)}`, () => this.#applyOne(workspace, each))
  }

  /** Waits until the object works. */
  async awaitReady(workspace: string, kind: keyof typeof resources, name: string): Promise<KcpObject> {
    const wait = { what: `${kind} ${name} in ${workspace}`, timeoutMs: this.#timeoutMs }
    return await awaitObject(this.in(workspace), { ...resources[kind], name }, READY[kind] ?? (() => true), wait)
  }

  close(): void {
    this.#client.close()
  }

  async #ensureChild(parent: string, name: string, shard: string | undefined): Promise<void> {
    const path = `${parent}:${name}`
    const ref = { ...resources.Workspace, name }
    await about(path, async () => {
      const client = this.in(parent)
      let found = await orMissing(() => client.get<KcpObject>(ref))
      if (found === undefined) {
        found = await created(() => client.create<KcpObject>(ref, workspaceManifest(name, shard)))
        this.#report(`${parent}: Workspace ${name} created`)
      } else this.#sayIfElsewhere(path, found, shard)
      if (found?.status?.phase === 'Ready') return
      const wait = { what: `workspace ${path}`, timeoutMs: this.#timeoutMs }
      await awaitObject(client, ref, ({ status }) => status?.phase === 'Ready', wait)
    })
  }

  #sayIfElsewhere(path: string, { metadata }: KcpObject, shard: string | undefined): void {
    const is = metadata.annotations?.['core.kcp.io/shard']
    if (shard !== undefined && is !== undefined && is !== shard)
      this.#report(`${path}: is on shard ${is} and stays there`)
  }

  async #applyOne(workspace: string, object: Manifest): Promise<void> {
    const client = this.in(workspace)
    const { name, namespace } = object.metadata
    const ref = { ...resources[object.kind as keyof typeof resources], namespace, name }
    const before = await orMissing(() => client.get<KcpObject>(ref, { metadataOnly: true }))
    const after = await client.apply<KcpObject>(ref, object, { fieldManager: FIELD_MANAGER, force: true })
    if (before === undefined) this.#report(`${workspace}: ${titleOf(object)} created`)
    else if (before.metadata.resourceVersion !== after.metadata.resourceVersion)
      this.#report(`${workspace}: ${titleOf(object)} updated`)
    const isReady = READY[object.kind]
    if (isReady === undefined || isReady(after)) return
    const wait = { what: titleOf(object), timeoutMs: this.#timeoutMs }
    await awaitObject(client, ref, isReady, wait)
  }
}

/** Runs `act` and puts what it is about before what goes wrong. */
export async function about<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const { message } = cause as Error
    throw new BootstrapError(`${what}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`, { cause })
  }
}

async function orMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Undefined where somebody else was faster. */
async function created<T>(create: () => Promise<T>): Promise<T | undefined> {
  try {
    return await create()
  } catch (error) {
    if (isAlreadyExists(error)) return undefined
    throw error
  }
}

function titleOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`
}
