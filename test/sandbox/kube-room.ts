import { sharedAuthorities } from '../../packages/sandbox/src/http/authorities.ts'
import { listen } from '../../packages/sandbox/src/http/listen.ts'
import {
  createSigningKey,
  impersonate,
  ServiceAccountTokens,
  storeAccounts,
  TokenAuthenticator,
} from '../../packages/sandbox/src/kube/authn/mod.ts'
import { bootstrapPolicySource, RbacAuthorizer, StorePolicySource } from '../../packages/sandbox/src/kube/authz/mod.ts'
import { builtInResources } from '../../packages/sandbox/src/kube/builtin/mod.ts'
import { kubeControllers, NamespaceLifecycle } from '../../packages/sandbox/src/kube/controllers/mod.ts'
import { crdController, LocalCrds } from '../../packages/sandbox/src/kube/crds/mod.ts'
import { createApiServer, parseRequestInfo } from '../../packages/sandbox/src/kube/requests/mod.ts'
import type { Catalog, Resource } from '../../packages/sandbox/src/kube/resource.ts'
import { openStore } from '../../packages/sandbox/src/store/mod.ts'
import type { Target } from './differential/requests.ts'

const CLUSTER = 'one'
const TOKEN = 'admin-token'
const ADMIN = { username: 'admin', groups: ['system:masters', 'system:authenticated'], extra: {} }

/** The sandbox's Kubernetes half alone, with one logical cluster and no kcp above it, served over HTTPS. */
export async function startKubeRoom(): Promise<{ target: Target; close: () => Promise<void> }> {
  const store = await openStore({})
  const rbac = new RbacAuthorizer([new StorePolicySource(store), bootstrapPolicySource()])
  const accounts = storeAccounts(() => [store])
  const tokens = new ServiceAccountTokens({ signingKey: createSigningKey(), accounts })
  const authenticator = new TokenAuthenticator({ tokens: new Map([[TOKEN, ADMIN]]), serviceAccounts: tokens })
  const crds = new LocalCrds(store)
  const resources = builtInResources({ authorizer: rbac, rbac, authenticator, tokens, accounts })
  const log = { warn: complain, error: complain, info: ignore, debug: ignore }
  const catalog = catalogOf(resources, crds)
  const admission = [new NamespaceLifecycle(store)]
  const server = createApiServer({ store, catalog, authorizer: rbac, admission, log })
  const client = (cluster: string) => server.client(cluster, { ...ADMIN, username: 'system:apiserver' })
  const named = (name: string) => resources.find(({ resource }) => resource === name) as Resource
  const types = {
    namespaces: named('namespaces'),
    serviceAccounts: named('serviceaccounts'),
    configMaps: named('configmaps'),
    clusterRoles: named('clusterroles'),
  }
  const own = { store, log, client, now: () => new Date() }
  const definitions = named('customresourcedefinitions')
  const controllers = [crdController({ ...own, crds, definitions }), ...kubeControllers({ ...own, catalog, types })]
  for (const controller of controllers) controller.start()
  client(CLUSTER).create(types.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })

  const authorities = await sharedAuthorities()
  const { certificate, key } = await authorities.serving.issueServing(['127.0.0.1'])
  const listener = await listen(
    async (http) => {
      const { credentials, headers, method, path, query } = http
      const asked = authenticator.authenticate(credentials)
      const user = impersonate({ cluster: CLUSTER, user: asked, headers, authorizer: rbac })
      return await server.handle({ cluster: CLUSTER, user, info: parseRequestInfo(method, path, query), http })
    },
    { tls: { certificate, key, clientCa: authorities.client.certificate }, onError: complain },
  )
  const close = async () => {
    await listener.close()
    for (const controller of controllers) controller.stop()
    await store.close()
  }
  return { target: { name: 'sandbox', url: listener.url, ca: authorities.serving.certificate, token: TOKEN }, close }
}

function catalogOf(resources: readonly Resource[], crds: LocalCrds): Catalog {
  return {
    list: (cluster) => [...resources, ...crds.list(cluster)],
    find: (cluster, group, resource) =>
      resources.find((each) => each.group === group && each.resource === resource) ??
      crds.find(cluster, group, resource),
    generation: (cluster) => crds.generation(cluster),
  }
}

const ignore = (): void => undefined
const complain = (...said: unknown[]): void => console.warn('sandbox:', ...said)
