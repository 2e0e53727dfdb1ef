import { parseJson, stringifyJson } from '@resource-broker/json'
import { forbidden } from '../../kube/authz/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { HttpResponse } from '../../kube/http.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { RequestInfo } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import { aboutObject } from '../authz/mod.ts'
import { clusterUrl, logicalClusters } from '../clusters/mod.ts'
import { homeClusterName } from '../hashes.ts'
import {
  CLUSTER_ANNOTATION,
  HOME_WORKSPACE,
  LOGICAL_CLUSTER_NAME,
  OWNER_ANNOTATION,
  PATH_ANNOTATION,
  ROOT_CLUSTER,
  SHARD_ANNOTATION,
  TENANCY,
  TYPE_ANNOTATION,
} from '../names.ts'
import { plainText } from '../plain-text.ts'
import type { ShardServices } from '../services.ts'
import { ownerValue } from './admission.ts'
import { statusOf } from './model.ts'
import { begin, newLogicalCluster } from './scheduling.ts'
import type { WorkspaceTypes } from './types.ts'

const HOME_TYPE = 'home'
const RETRY_SECONDS = '1'
const NOT_PERMITTED = 'workspace access not permitted'

/** Whether a request asks for the user's own home, `kubectl ws ~` (contract 13.2). */
export function asksForHome(cluster: string, { isResourceRequest, verb, group, resource, name }: RequestInfo): boolean {
  return (
    cluster === ROOT_CLUSTER &&
    isResourceRequest &&
    verb === 'get' &&
    group === TENANCY &&
    resource === 'workspaces' &&
    name === HOME_WORKSPACE
  )
}

/** The user's home as a Workspace; made when it is asked for first, and 429 until it is Ready. Throws StatusError 403. */
export async function homeWorkspace(
  services: ShardServices,
  types: WorkspaceTypes,
  user: UserInfo,
): Promise<HttpResponse> {
  const cluster = homeClusterName(user.username)
  const client = services.clientIn(cluster)
  let home = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
  if (home === undefined) {
    requirePermission(services, user)
    home = client.create(logicalClusters, logicalClusterOf(services, types, user))
  }
  begin(services, client, home)
  await services.store.durable()
  const { phase = '' } = statusOf(home)
  if (['', 'Scheduling', 'Initializing'].includes(phase)) {
    return plainText(429, 'Creating the home workspace', { 'retry-after': RETRY_SECONDS })
  }
  return {
    status: 200,
    contentType: 'application/json',
    body: `${stringifyJson(workspaceOf(services, home, cluster))}\n`,
  }
}

/** Who may create it needs no access to root besides. */
function requirePermission({ rbac }: ShardServices, user: UserInfo): void {
  const type = { group: TENANCY, version: 'v1alpha1', resource: 'workspaces' }
  const attributes = aboutObject({ cluster: ROOT_CLUSTER, user, verb: 'create', ...type, name: HOME_WORKSPACE })
  if (!rbac.authorize(attributes).allowed) throw forbidden(attributes, NOT_PERMITTED)
}

function logicalClusterOf({ shard }: ShardServices, types: WorkspaceTypes, user: UserInfo): KubeObject {
  const type = types.find(ROOT_CLUSTER, HOME_TYPE)
  if (type === undefined) throw StatusError.unavailable('workspace type root:home is not known yet')
  const owner = ownerValue(user)
  const annotations = {
    [PATH_ANNOTATION]: homeClusterName(user.username),
    [SHARD_ANNOTATION]: shard.name,
    [TYPE_ANNOTATION]: `${ROOT_CLUSTER}:${HOME_TYPE}`,
    [OWNER_ANNOTATION]: owner,
  }
  return newLogicalCluster(types.extended(type), annotations, { createdBy: parseJson(owner) })
}

function workspaceOf({ shard }: ShardServices, home: KubeObject, cluster: string): object {
  const { creationTimestamp } = home.metadata
  const { phase, initializers } = statusOf(home)
  const { conditions } = home['status'] as { conditions?: object[] }
  return {
    apiVersion: `${TENANCY}/v1alpha1`,
    kind: 'Workspace',
    metadata: { name: HOME_WORKSPACE, creationTimestamp, annotations: { [CLUSTER_ANNOTATION]: ROOT_CLUSTER } },
    spec: { type: { name: HOME_TYPE, path: ROOT_CLUSTER }, cluster, URL: clusterUrl(shard.externalUrl, cluster) },
    status: {
      phase,
      ...(conditions !== undefined && { conditions }),
      ...(initializers !== undefined && { initializers }),
    },
  }
}
