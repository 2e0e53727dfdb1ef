/** Groups that kcp gives a meaning to (contract 12.3, 8.3). Defined here once. */

export const KCP_ADMINS = 'system:kcp:admin'
/** May do in a logical cluster whatever its own controllers do. */
export const LOGICAL_CLUSTER_ADMIN = 'system:kcp:logical-cluster-admin'
/** As that, for requests that come through the front proxy. */
export const EXTERNAL_LOGICAL_CLUSTER_ADMIN = 'system:kcp:external-logical-cluster-admin'
export const WORKSPACE_BOOTSTRAPPER = 'system:kcp:tenancy:workspace-bootstrapper'

/** Before the name of an initializer or terminator: the group that virtual workspaces alone give. */
export const INITIALIZER_GROUP_PREFIX = 'system:kcp:initializer:'
export const TERMINATOR_GROUP_PREFIX = 'system:kcp:terminator:'

/** Before users and groups, where an export's maximalPermissionPolicy names them (contract 12.6). */
export const POLICY_PREFIX = 'apis.kcp.io:binding:'
