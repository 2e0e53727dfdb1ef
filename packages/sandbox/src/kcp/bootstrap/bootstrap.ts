import { setImmediate } from 'node:timers/promises'
import { deepEqual } from '../../kube/json.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { clusterUrl, logicalClusters } from '../clusters/mod.ts'
import { IDENTITY_VALID, WORKSPACE_INITIALIZED } from '../condition-types.ts'
import { markTrue } from '../conditions.ts'
import {
  APIS,
  CORE,
  IDENTITY_NAMESPACE,
  LOGICAL_CLUSTER_NAME,
  PATH_ANNOTATION,
  ROOT_CLUSTER,
  SHARD_ANNOTATION,
  TENANCY,
  TYPE_ANNOTATION,
} from '../names.ts'
import type { ShardInfo, ShardServices } from '../services.ts'
import { exportObjects, ROOT_EXPORTS, rootBinding } from './exports.ts'
import { rootPolicy, rootWorkspaceTypes } from './root-content.ts'

const NAMESPACES = ['default', 'kube-system', IDENTITY_NAMESPACE]
/** Milliseconds that root's own bindings may take. */
const BINDING_TIMEOUT = 30_000

/** Writes what root is made of, as far as it is not there: itself, exports and bindings. `keys` by name of the export. */
export function bootstrapExports(services: ShardServices, keys: ReadonlyMap<string, string>): void {
  const client = services.clientIn(ROOT_CLUSTER)
  createRoot(services, client)
  for (const name of NAMESPACES) {
    ensure(client, builtIn(services, 'namespaces'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  const system = (resource: string) => required(services, APIS, resource)
  for (const source of ROOT_EXPORTS) {
    const { schemas, apiExport } = exportObjects(source)
    ensure(client, builtIn(services, 'secrets'), secretOf(source.name, keys.get(source.name)!))
    for (const schema of schemas) ensure(client, system('apiresourceschemas'), schema)
    ensure(client, system('apiexports'), apiExport)
    identify(services, client, system('apiexports'), source.name)
    if (source.bound) ensure(client, system('apibindings'), rootBinding(source.name))
  }
}

/** Writes the rest of root once its bindings work, which needs the controllers to run: types, RBAC. */
export async function bootstrapContent(services: ShardServices): Promise<void> {
  const client = services.clientIn(ROOT_CLUSTER)
  const workspaceTypes = await bound(services, TENANCY, 'workspacetypes')
  for (const type of rootWorkspaceTypes()) ensure(client, workspaceTypes, type)
  for (const object of rootPolicy()) {
    const resource = object.kind === 'ClusterRole' ? 'clusterroles' : 'clusterrolebindings'
    ensure(client, builtIn(services, resource), object)
  }
}

/** Writes a shard's own object into root (contract 4.9), once root's binding works. */
export async function registerShard(root: ShardServices, shard: ShardInfo): Promise<void> {
  const { name, url, externalUrl, virtualWorkspaceUrl } = shard
  ensure(root.clientIn(ROOT_CLUSTER), await bound(root, CORE, 'shards'), {
    apiVersion: `${CORE}/v1alpha1`,
    kind: 'Shard',
    metadata: { name, labels: { name } },
    spec: { baseURL: url, externalURL: externalUrl, virtualWorkspaceURL: virtualWorkspaceUrl },
  })
}

function createRoot({ shard, now }: ShardServices, client: LocalClient): void {
  if (client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME) !== undefined) return
  const annotations = {
    [PATH_ANNOTATION]: ROOT_CLUSTER,
    [TYPE_ANNOTATION]: 'root:root',
    [SHARD_ANNOTATION]: shard.name,
  }
  client.create(logicalClusters, {
    apiVersion: `${CORE}/v1alpha1`,
    kind: 'LogicalCluster',
    metadata: { name: LOGICAL_CLUSTER_NAME, annotations },
    spec: {},
  })
  const ready = (object: KubeObject) => {
    object['status'] = { phase: 'Ready', URL: clusterUrl(shard.externalUrl, ROOT_CLUSTER) }
    markTrue(object, WORKSPACE_INITIALIZED, now())
  }
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, ready, 'status')
}

/** The identity is known from the start, so that no other shard has to wait for it. */
function identify({ identities, now }: ShardServices, client: LocalClient, exports: Resource, name: string): void {
  const change = (object: KubeObject) => {
    object['status'] = { ...(object['status'] as object | undefined), identityHash: identities.get(name) }
    markTrue(object, IDENTITY_VALID, now())
  }
  client.modify(exports, '', name, change, 'status')
}

function secretOf(name: string, key: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: IDENTITY_NAMESPACE },
    data: { key: Buffer.from(key).toString('base64') },
  }
}

/** Creates an object, or brings its spec and labels up to date. What people added to it stays. */
function ensure(client: LocalClient, resource: Resource, wanted: KubeObject): void {
  const { name = '', namespace = '', labels } = wanted.metadata
  if (client.get(resource, namespace, name) === undefined) {
    client.create(resource, wanted)
    return
  }
  if (wanted['spec'] === undefined) return
  client.modify(resource, namespace, name, (object) => {
    if (labels !== undefined) object.metadata.labels = { ...object.metadata.labels, ...labels }
    const spec = { ...(object['spec'] as object | undefined), ...(wanted['spec'] as object) }
    if (!deepEqual(object['spec'], spec)) object['spec'] = spec
  })
}

function builtIn({ builtIns }: ShardServices, resource: string): Resource {
  const found = builtIns.find((each) => each.resource === resource)
  if (found === undefined) throw new TypeError(`no built-in type ${resource}`)
  return found
}

function required({ catalog }: ShardServices, group: string, resource: string): Resource {
  const found = catalog().find(ROOT_CLUSTER, group, resource)
  if (found === undefined) throw new TypeError(`${resource}.${group} is not served in root`)
  return found
}

/** Waits until root's binding serves a type. */
async function bound({ catalog, now }: ShardServices, group: string, resource: string): Promise<Resource> {
  const deadline = now().getTime() + BINDING_TIMEOUT
  for (;;) {
    const found = catalog().find(ROOT_CLUSTER, group, resource)
    if (found !== undefined) return found
    if (now().getTime() > deadline) throw new Error(`the binding of ${resource}.${group} in root does not come up`)
    await setImmediate()
  }
}
