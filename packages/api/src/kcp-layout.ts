/** Where the broker's things are in a kcp, and what they are called. Paths are what the flags default to. */
export const kcpLayout = {
  /** Exports AcceptAPI and the brokered kinds. */
  platformWorkspace: 'root:platform',
  /** Has the broker's own kinds, its endpoint slices and its identity. */
  coordinationWorkspace: 'root:platform:broker',
  /** In the platform workspace; that of a brokered kind is `<plural>.<group>`, like its endpoint slice. */
  acceptAPIExport: 'acceptapis.broker.platform-mesh.io',
  /** In the coordination workspace, where every other slice is that of a brokered kind. */
  acceptAPISlice: 'acceptapis',
  /** In the staging tree root: has no kinds, only claims, and is bound in every workspace that the broker makes. */
  stagingExport: 'resource-broker',
  /** In the staging tree root: the type of these workspaces, which binds that export in each. */
  stagingWorkspaceType: 'resource-broker',
  /** The broker's name, where it signs in as a user. */
  user: 'resource-broker',
  /** The broker in the coordination workspace, where it is a ServiceAccount. */
  serviceAccount: { namespace: 'default', name: 'resource-broker' },
} as const

/** The workspaces of one set of services. */
export type ServiceSetLayout = {
  coordinationWorkspace: string
  /** The workspaces that copies go into are made below it. */
  stagingTreeRoot: string
  /** The workspaces in which providers' exports are tried out are made below it. */
  verificationTreeRoot: string
}

/**
 * Where one set of services has its workspaces: the broker of a whole kcp, or the one of the consumers on `shard`. What is given
 * holds; the tree roots that are not are below the coordination workspace.
 */
export function serviceSetLayout(
  shard: string | undefined,
  given: { [path in keyof ServiceSetLayout]?: string | undefined } = {},
): ServiceSetLayout {
  const usual = shard === undefined ? kcpLayout.coordinationWorkspace : `${kcpLayout.coordinationWorkspace}-${shard}`
  const coordinationWorkspace = given.coordinationWorkspace ?? usual
  return {
    coordinationWorkspace,
    stagingTreeRoot: given.stagingTreeRoot ?? `${coordinationWorkspace}:staging`,
    verificationTreeRoot: given.verificationTreeRoot ?? `${coordinationWorkspace}:verification`,
  }
}

/** What workspaces other than its own call a ServiceAccount; `cluster` is the logical cluster that it is in. */
export function globalServiceAccount(
  cluster: string,
  { namespace, name }: { namespace: string; name: string },
): string {
  return `system:kcp:serviceaccount:${cluster}:${namespace}:${name}`
}
