/** Names that kcp gives a meaning to (contract 2, 4). Defined here once. */

export const ROOT_CLUSTER = 'root'
export const WILDCARD = '*'
/** By which users ask root for the workspace that is their own. */
export const HOME_WORKSPACE = '~'
/** Of the one LogicalCluster object in each logical cluster. */
export const LOGICAL_CLUSTER_NAME = 'cluster'

export const CLUSTER_ANNOTATION = 'kcp.io/cluster'
export const PATH_ANNOTATION = 'kcp.io/path'
export const SHARD_ANNOTATION = 'core.kcp.io/shard'
export const INACTIVE_ANNOTATION = 'core.kcp.io/inactive'
export const UNSCHEDULABLE_ANNOTATION = 'experimental.core.kcp.io/unschedulable'
export const TYPE_ANNOTATION = 'internal.tenancy.kcp.io/type'
export const SHARD_HASH_ANNOTATION = 'internal.tenancy.kcp.io/shard'
export const WORKSPACE_CLUSTER_ANNOTATION = 'internal.tenancy.kcp.io/cluster'
export const OWNER_ANNOTATION = 'experimental.tenancy.kcp.io/owner'
export const REQUIRED_GROUPS_ANNOTATION = 'authorization.kcp.io/required-groups'

export const PHASE_LABEL = 'tenancy.kcp.io/phase'
export const REGION_LABEL = 'region'
export const INITIALIZER_LABEL_PREFIX = 'initializer.internal.kcp.io/'
export const TERMINATOR_LABEL_PREFIX = 'terminator.internal.kcp.io/'
export const CLAIM_LABEL_PREFIX = 'claimed.internal.apis.kcp.io/'
/** Of APIBindings: the export that they are to, as a hash. */
export const EXPORT_LABEL = 'internal.apis.kcp.io/export'

/** On a Workspace, until its logical cluster is gone. */
export const LOGICAL_CLUSTER_FINALIZER = 'core.kcp.io/logicalcluster'
/** On a LogicalCluster, until its content is gone. */
export const DELETION_FINALIZER = 'core.kcp.io/logicalcluster-deletion'

export const API_BINDINGS_INITIALIZER = 'system:apibindings'
export const UNIVERSAL_INITIALIZER = 'root:universal'

/** That identity secrets of exports are in. */
export const IDENTITY_NAMESPACE = 'kcp-system'

/** Of an export in root, and of the group that it provides. */
export const TENANCY = 'tenancy.kcp.io'
export const TOPOLOGY = 'topology.kcp.io'
export const SHARDS_EXPORT = 'shards.core.kcp.io'
export const CORE = 'core.kcp.io'
export const APIS = 'apis.kcp.io'
