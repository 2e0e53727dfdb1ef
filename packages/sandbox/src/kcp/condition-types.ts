/** Types of conditions that one room writes and another reads. Defined here once. */

export const WORKSPACE_INITIALIZED = 'WorkspaceInitialized'
export const WORKSPACE_CONTENT_DELETED = 'WorkspaceContentDeleted'
/** On APIExports. */
export const IDENTITY_VALID = 'IdentityValid'
/** On APIBindings and on APIExportEndpointSlices. */
export const EXPORT_VALID = 'APIExportValid'
/** On APIBindings. */
export const BINDING_UP_TO_DATE = 'BindingUpToDate'
export const INITIAL_BINDING_COMPLETED = 'InitialBindingCompleted'
export const PERMISSION_CLAIMS_APPLIED = 'PermissionClaimsApplied'
/** On APIExportEndpointSlices. */
export const PARTITION_VALID = 'PartitionValid'
