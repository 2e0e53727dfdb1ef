import {
  MutatingWebhooks,
  unreachableServices,
  ValidatingPolicies,
  ValidatingWebhooks,
} from '../../kube/admission/mod.ts'
import { MASTERS } from '../../kube/authn/mod.ts'
import { bootstrapPolicySource } from '../../kube/authz/mod.ts'
import { builtInResources } from '../../kube/builtin/mod.ts'
import { type Controller, type IssueToken, kubeControllers, NamespaceLifecycle } from '../../kube/controllers/mod.ts'
import { crdController, LocalCrds } from '../../kube/crds/mod.ts'
import { QuotaIndex, quotaController, resourceQuotaAdmission } from '../../kube/quota/mod.ts'
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type ApiServer,
  createApiServer,
} from '../../kube/requests/mod.ts'
import type { Catalog, Resource } from '../../kube/resource.ts'
import type { UserInfo } from '../../kube/user.ts'
import type { Store, StoreEvent } from '../../store/types.ts'
import type { Apis } from '../apis/mod.ts'
import { type BoundTypes, createApis } from '../apis/mod.ts'
import { AuthorizerChain, anonymized, ScopedRbac } from '../authz/mod.ts'
import { kcpPolicySource } from '../bootstrap/mod.ts'
import {
  clusterAnnotation,
  LOGICAL_CLUSTERS,
  logicalClusterAdmission,
  logicalClusterIn,
  logicalClusters,
  pathAnnotation,
  reservedMetadata,
} from '../clusters/mod.ts'
import { APIS, CLUSTER_ANNOTATION, CORE, SHARDS_EXPORT, TENANCY, TOPOLOGY } from '../names.ts'
import { readableObjects } from '../readable-objects.ts'
import type { ReplicatedType, ShardInfo, ShardServices } from '../services.ts'
import { boundStorage, systemStorage } from '../storage.ts'
import { partitionSetController } from '../topology/mod.ts'
import {
  stepPolicySource,
  WorkspaceTypes,
  workspaceAdmission,
  workspaceControllers,
  workspaceTypeAdmission,
} from '../workspaces/mod.ts'
import type { Shared } from './shared.ts'

/** As whom the shard's own controllers act. */
export const SYSTEM_USER: UserInfo = { username: 'system:kcp:shard', groups: [MASTERS], extra: {} }

/** All that runs over the store of one shard, from its start to its stop. */
export class ShardRuntime {
  readonly services: ShardServices
  readonly types: WorkspaceTypes
  readonly bound: BoundTypes
  readonly server: ApiServer
  /** Answers deep SubjectAccessReviews (contract 12.9). */
  readonly deepServer: ApiServer
  readonly admission: readonly AdmissionPlugin[]
  readonly #quotas: QuotaIndex
  readonly #controllers: readonly Controller[]
  readonly #ends: (() => void)[]

  constructor(info: ShardInfo, store: Store, shared: Shared) {
    const { cache, directory, exports, policies, now, log } = shared
    this.#ends = [cache.attach(info.name, store, storagesOf(shared.identities)), policies.attach(info.name, store)]
    this.#ends.push(shared.replicatedAdmission.attach(info.name, store))
    this.types = new WorkspaceTypes(cache, directory)
    const steps = stepPolicySource(cache, this.types)
    const rbac = new ScopedRbac([
      ...[policies, policies.ofAdmin(info.name)],
      ...[bootstrapPolicySource(), kcpPolicySource(), steps],
    ])
    const chain = new AuthorizerChain({
      ...{ cache, rbac },
      maximalPermissionPolicy: (...of) => apis.maximalPermissionPolicy(...of),
    })
    const authorizer = anonymized(chain)
    const { authenticator, tokens, accounts } = shared
    const builtIns = builtInResources({ authorizer, rbac, authenticator, tokens, accounts })
    const localCrds = new LocalCrds(store)
    this.services = {
      ...{ shard: info, store, cache, directory, exports, builtIns, localCrds, authorizer, rbac, now, log },
      systemTypes: [logicalClusters],
      identities: shared.identities,
      clientIn: (cluster) => shared.clientAt(info.name, cluster),
      clientAt: (shard, cluster) => shared.clientAt(shard, cluster),
      catalog: () => apis.catalog,
    }
    const apis: Apis = createApis(this.services)
    this.bound = apis.bound
    this.#quotas = new QuotaIndex(store)
    this.#ends.push(() => this.#quotas.close())
    this.admission = this.#admission(apis, shared)
    const names = { localManager: 'kcp', clusterAnnotation: CLUSTER_ANNOTATION }
    const options = { store, authorizer, admission: this.admission, now, log, ...names }
    this.server = createApiServer({ ...options, catalog: apis.catalog })
    const deep = builtInResources({ authorizer: anonymized(rbac), rbac, authenticator, tokens, accounts })
    this.deepServer = createApiServer({ ...options, catalog: withReviews(apis.catalog, deep) })
    const workspaces = workspaceControllers(this.services, this.types)
    const partitionSets = partitionSetController(this.services)
    this.#controllers = [
      ...this.#kubeControllers(apis.catalog, shared),
      ...apis.controllers,
      ...workspaces.controllers,
      partitionSets.controller,
    ]
    const forget = ({ type, entry: { key } }: StoreEvent) => {
      if (type === 'DELETED') for (const index of [localCrds, this.bound]) index.forget(key.cluster)
    }
    this.#ends.push(store.watch({ resource: LOGICAL_CLUSTERS }, store.revision, forget))
    this.#ends.push(() => localCrds.close(), apis.close, workspaces.close, partitionSets.stop)
  }

  start(): void {
    for (const controller of this.#controllers) controller.start()
  }

  /** Ends the controllers and forgets what follows the store, which stays open. */
  async stop(): Promise<void> {
    for (const controller of this.#controllers) controller.stop()
    await Promise.all(this.#controllers.map((controller) => controller.idle()))
    for (const end of this.#ends) end()
  }

  #admission(apis: Apis, { replicatedAdmission: bound }: Shared): AdmissionPlugin[] {
    const { cache, directory, rbac, store, identities, clientAt, shard } = this.services
    const storage = boundStorage(TENANCY, 'workspaces', identities.get(TENANCY)!)
    // What is bound is held to the policies and webhooks of its provider, and to no others (contract 15.6).
    const sourceOf = ({ cluster, resource }: Pick<AdmissionRequest, 'cluster' | 'resource'>) =>
      apis.bound.find(cluster, resource.group, resource.resource)?.bound.exportCluster ?? cluster
    const held = { bound, store, sourceOf }
    return [
      readableObjects(this.services),
      clusterAnnotation,
      pathAnnotation(directory),
      unlessEnding(new NamespaceLifecycle(store), this.services),
      logicalClusterAdmission,
      workspaceAdmission({ storage, cache, types: this.types, rbac }),
      workspaceTypeAdmission(this.services),
      ...apis.admission,
      reservedMetadata,
      unreachableServices,
      resourceQuotaAdmission(store, this.#quotas),
      new MutatingWebhooks(held),
      new ValidatingPolicies({
        ...held,
        policies: bound,
        catalog: () => apis.catalog,
        list: (cluster, type, namespace) =>
          clientAt(directory.shardOf(cluster) ?? shard.name, cluster).list(
            type,
            ...(type.namespaced ? [namespace] : []),
          ),
      }),
      new ValidatingWebhooks(held),
    ]
  }

  #kubeControllers(catalog: Catalog, { rootCa, tokens }: Shared): Controller[] {
    const issueToken: IssueToken = (account, secretName) => tokens.issueForSecret(account, secretName)
    const { store, log, now, builtIns, localCrds, clientIn: client } = this.services
    const type = (resource: string) => builtIns.find((each) => each.resource === resource)!
    const types = {
      namespaces: type('namespaces'),
      serviceAccounts: type('serviceaccounts'),
      configMaps: type('configmaps'),
      secrets: type('secrets'),
      events: type('events'),
      clusterRoles: type('clusterroles'),
    }
    const definitions = type('customresourcedefinitions')
    return [
      ...kubeControllers({ store, log, catalog, types, client, now, rootCa, issueToken }),
      crdController({ store, log, crds: localCrds, definitions, client, now }),
      quotaController({ store, log, catalog, client, quotas: this.#quotas, type: type('resourcequotas') }),
    ]
  }
}

/** Where the replicated types are in a store. */
function storagesOf(identities: ReadonlyMap<string, string>): Map<ReplicatedType, string> {
  const own = (name: string, group: string, resource: string) => boundStorage(group, resource, identities.get(name)!)
  const apis = (resource: string) => systemStorage(APIS, resource)
  return new Map<ReplicatedType, string>([
    ['logicalclusters.core.kcp.io', systemStorage(CORE, 'logicalclusters')],
    ['shards.core.kcp.io', own(SHARDS_EXPORT, CORE, 'shards')],
    ['workspaces.tenancy.kcp.io', own(TENANCY, TENANCY, 'workspaces')],
    ['workspacetypes.tenancy.kcp.io', own(TENANCY, TENANCY, 'workspacetypes')],
    ['partitions.topology.kcp.io', own(TOPOLOGY, TOPOLOGY, 'partitions')],
    ['apiexports.apis.kcp.io', apis('apiexports')],
    ['apiexportendpointslices.apis.kcp.io', apis('apiexportendpointslices')],
    ['apiresourceschemas.apis.kcp.io', apis('apiresourceschemas')],
    ['apiconversions.apis.kcp.io', apis('apiconversions')],
  ])
}

/** With the logical cluster, its namespaces go too, those included that nobody may delete otherwise. */
function unlessEnding(plugin: AdmissionPlugin, { cache }: ShardServices): AdmissionPlugin {
  return {
    name: plugin.name,
    validate(request) {
      const { operation, resource, cluster } = request
      if (operation === 'DELETE' && resource.resource === 'namespaces' && resource.group === '') {
        const found = logicalClusterIn(cache, cluster)
        if (found?.object.metadata.deletionTimestamp !== undefined) return
      }
      plugin.validate?.(request)
    },
    ...(plugin.mutate !== undefined && { mutate: (request) => plugin.mutate?.(request) }),
  }
}

/** A catalog whose access reviews are those of `reviews`. */
function withReviews(catalog: Catalog, reviews: readonly Resource[]): Catalog {
  const group = 'authorization.k8s.io'
  return {
    list: (cluster) => catalog.list(cluster),
    generation: (cluster) => catalog.generation(cluster),
    find: (cluster, of, resource, identity) =>
      of === group
        ? reviews.find((each) => each.group === of && each.resource === resource)
        : catalog.find(cluster, of, resource, identity),
  }
}
