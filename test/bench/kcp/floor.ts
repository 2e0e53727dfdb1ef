// The yardstick in a kcp: what nobody who places copies can do without. Per new object its finalizer and its copy, per status its
// status. It keeps no record, decides nothing, trusts every event, and finds places for copies where there are copies already.
import { annotations } from '@resource-broker/api'
import {
  type BoundCluster,
  Connections,
  clusterOf,
  ENDPOINT_SLICES,
  type EndpointSlice,
  type KubeClient,
  readKubeconfig,
  urlsOf,
  type WatchedObject,
  watchExport,
  watchResource,
} from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import pLimit from 'p-limit'
import { THING } from '../../support/provider-controller.ts'

/** What it has to know. `providers`: their logical clusters. */
export type Floor = {
  adminKubeconfig: string
  url: string
  coordinationWorkspace: string
  brokered: string
  exportName: string
  providers: string[]
}

type Thing = WatchedObject & {
  apiVersion: string
  kind: string
  metadata: { namespace: string; finalizers?: string[]; annotations?: Record<string, string> }
  spec: unknown
  status?: object
}

const { adminKubeconfig, url, coordinationWorkspace, brokered, exportName, providers } = JSON.parse(
  process.argv[2] ?? '',
) as Floor
const login = await readKubeconfig(adminKubeconfig)
const connections = new Connections(login)
const { signal } = new AbortController()
/** As many as the bench creates at once: a server that has thousands of requests at a time answers none soon. */
const AT_ONCE = 32
/** Where a consumer's objects are, and where its copies are, by its logical cluster. */
const homes = new Map<string, KubeClient>()
const places = new Map<string, KubeClient>()
/** Objects that were placed here, and the status of each that its consumer was told last. */
const told = new Map<string, string>()

async function place(home: KubeClient, cluster: string, { apiVersion, kind, metadata, spec }: Thing): Promise<void> {
  const { namespace, name, finalizers = [] } = metadata
  const id = `${cluster}/${name}`
  if (finalizers.length > 0 || told.has(id)) return
  told.set(id, '')
  const ref = { ...THING, namespace, name }
  await home.mergePatch(ref, { metadata: { finalizers: ['bench.platform-mesh.io/floor'] } })
  const origin = { [annotations.consumerCluster]: cluster }
  const copy = { apiVersion, kind, metadata: { namespace, name, annotations: origin }, spec }
  await (places.get(cluster) as KubeClient).apply(ref, copy, { force: true })
}

async function report({ client }: BoundCluster, { metadata, status }: Thing): Promise<void> {
  const { namespace, name, annotations: notes = {} } = metadata
  const cluster = notes[annotations.consumerCluster] ?? ''
  places.set(cluster, client)
  const before = told.get(`${cluster}/${name}`)
  const text = JSON.stringify(status)
  if (status === undefined || before === undefined || before === text) return
  told.set(`${cluster}/${name}`, text)
  const home = homes.get(cluster) as KubeClient
  await home.mergePatch({ ...THING, namespace, name }, { status }, { subresource: 'status' })
}

const limit = pLimit(AT_ONCE)

function perform(work: () => Promise<void>): void {
  limit(work).catch((error: unknown) => {
    process.stderr.write(`floor: ${String(error)}\n`)
    process.exit(1)
  })
}

async function followConsumers(): Promise<void> {
  const slice = await connections
    .at(url)
    .below(`/clusters/${coordinationWorkspace}`)
    .get<EndpointSlice>({ ...ENDPOINT_SLICES, name: brokered })
  const followed = urlsOf(slice).map((endpoint) => {
    const upsert = (object: WatchedObject) => {
      const cluster = clusterOf(object)
      const home = homes.get(cluster) ?? connections.at(endpoint).below(`/clusters/${cluster}`)
      homes.set(cluster, home)
      perform(() => place(home, cluster, object as Thing))
    }
    const everywhere = connections.at(endpoint).below('/clusters/*')
    return new Promise<void>((synced) =>
      watchResource(everywhere, { ...THING, clusterOf }, { upsert, delete: () => undefined, synced }, { signal }),
    )
  })
  await Promise.all(followed)
}

for (const cluster of providers) {
  const upsert = (object: WatchedObject, at: BoundCluster) => perform(() => report(at, object as Thing))
  const home = { ...login, server: `${url}/clusters/${cluster}` }
  watchExport(home, { ...THING, slice: exportName }, { upsert, delete: () => undefined }, { signal })
}
await followConsumers()
await waitFor(
  'every consumer has a place for copies',
  () => homes.size > 0 && [...homes.keys()].every((of) => places.has(of)),
)
process.once('disconnect', () => process.exit())
process.send?.('ready')
