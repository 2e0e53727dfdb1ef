import { kcpLayout } from '@resource-broker/api'
import { type Manifest, manifest } from './types.ts'

type Rule = {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
  verbs: string[]
}

const APIS = 'apis.kcp.io'
const COORD = 'coord.broker.platform-mesh.io'
const READ = ['get', 'list', 'watch']
const WRITE = [...READ, 'create', 'update', 'patch', 'delete']

/** Without it a workspace lets nobody in (kcp contract 12.4). */
const access: Rule = { nonResourceURLs: ['/'], verbs: ['access'] }
const workspaces: Rule = {
  ...{ apiGroups: ['tenancy.kcp.io'], resources: ['workspaces'] },
  verbs: [...READ, 'create', 'delete'],
}

/** The broker's own records, Events about them, and where the exports' virtual workspaces are. */
export function coordinationRights(coordinationKinds: string[]): Rule[] {
  const resources = coordinationKinds.flatMap((plural) => [plural, `${plural}/status`])
  return [
    access,
    { apiGroups: [COORD], resources, verbs: WRITE },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: [APIS], resources: ['apiexportendpointslices'], verbs: READ },
  ]
}

/** What is behind these exports, by their virtual workspaces, as far as each consumer lets it; no export is changed. */
export function platformRights(exports: string[]): Rule[] {
  return [
    access,
    { apiGroups: [APIS], resources: ['apiexports', 'apiresourceschemas'], verbs: READ },
    { apiGroups: [APIS], resources: ['apiexports/content'], resourceNames: exports, verbs: WRITE },
  ]
}

/**
 * Staging workspaces, and the exports that are bound in them. What is in these workspaces is reached through the exports alone: the
 * broker has no rights in them of its own.
 */
export const stagingRights: Rule[] = [
  access,
  workspaces,
  {
    ...{ apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'] },
    ...{ resourceNames: [kcpLayout.stagingWorkspaceType], verbs: ['use'] },
  },
  { apiGroups: [APIS], resources: ['apiexports'], verbs: [...WRITE, 'bind'] },
  { apiGroups: [APIS], resources: ['apiexports/content'], verbs: WRITE },
  { apiGroups: [APIS], resources: ['apiexportendpointslices'], verbs: READ },
]

/** Workspaces in which a provider's export is bound for a try. */
export const verificationRights: Rule[] = [access, workspaces]

/** A role of this name, given to a user under the same name. */
export function granted(name: string, rules: Rule[], user: string): Manifest[] {
  return [role(name, rules), bound(name, [userNamed(user)])]
}

export function userNamed(name: string): object {
  return { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }
}

/** Lets the ones whom it is given to bind these exports. */
export function mayBind(name: string, exports: string[]): Manifest {
  return role(name, [{ apiGroups: [APIS], resources: ['apiexports'], resourceNames: exports, verbs: ['bind'] }])
}

function role(name: string, rules: Rule[]): Manifest {
  return manifest('ClusterRole', name, { rules })
}

/** Gives a role that is there, under the same name. */
export function bound(name: string, subjects: object[]): Manifest {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  return manifest('ClusterRoleBinding', name, { roleRef, subjects })
}
