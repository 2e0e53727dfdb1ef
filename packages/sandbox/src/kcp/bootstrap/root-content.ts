import { AUTHENTICATED } from '../../kube/authn/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { clusterRole, clusterRoleBinding } from '../authz/mod.ts'
import { KCP_ADMINS, POLICY_PREFIX } from '../groups.ts'
import { APIS, HOME_WORKSPACE, ROOT_CLUSTER, TENANCY, TOPOLOGY } from '../names.ts'

const READ = ['get', 'list', 'watch']
const UNIVERSAL = { name: 'universal', path: ROOT_CLUSTER }
const OPEN_TYPES = ['universal', 'organization', 'team']
const HOME_CREATION = 'system:kcp:home-workspace-create'
const OPEN_EXPORTS = [TENANCY, TOPOLOGY]

/** WorkspaceTypes in root (contract 4.2). */
export function rootWorkspaceTypes(): KubeObject[] {
  const extend = { with: [UNIVERSAL] }
  const inRoot = (name: string) => ({ name, path: ROOT_CLUSTER })
  return [
    workspaceType('universal', {
      initializer: true,
      defaultChildWorkspaceType: UNIVERSAL,
      defaultAPIBindings: [TENANCY, TOPOLOGY].map((name) => ({ path: ROOT_CLUSTER, export: name })),
    }),
    workspaceType('root', {
      extend,
      defaultChildWorkspaceType: inRoot('organization'),
      limitAllowedParents: { none: true },
    }),
    workspaceType('organization', {
      extend,
      defaultChildWorkspaceType: UNIVERSAL,
      limitAllowedChildren: { types: [UNIVERSAL] },
      limitAllowedParents: { types: [inRoot('root')] },
    }),
    workspaceType('team', {
      extend,
      defaultChildWorkspaceType: UNIVERSAL,
      limitAllowedParents: { types: [inRoot('organization'), inRoot('team')] },
    }),
    workspaceType('home', { extend, defaultChildWorkspaceType: UNIVERSAL, limitAllowedParents: { none: true } }),
  ]
}

/** RBAC in root: what everybody may use and bind, and what may be done with bound types (contract 12.6). */
export function rootPolicy(): KubeObject[] {
  const tenancyTypes = ['workspaces', 'workspacetypes', 'workspaceauthenticationconfigurations']
  const statuses = ['workspaces/status', 'workspacetypes/status']
  const policy = 'maximal-permission-policy'
  return [
    ...granted('system:kcp:universal-workspacetype-use', [
      { apiGroups: [TENANCY], resources: ['workspacetypes'], resourceNames: OPEN_TYPES, verbs: ['use'] },
    ]),
    // kcp's `--home-workspaces-home-creator-groups` names everybody by default.
    ...granted(HOME_CREATION, [
      { apiGroups: [TENANCY], resources: ['workspaces'], resourceNames: [HOME_WORKSPACE], verbs: ['get', 'create'] },
    ]),
    ...OPEN_EXPORTS.flatMap((name) =>
      granted(`system:kcp:apiexport:${name.split('.')[0]}:bind`, [
        { apiGroups: [APIS], resources: ['apiexports'], resourceNames: [name], verbs: ['bind'] },
      ]),
    ),
    ...granted(
      `system:kcp:apiexport:tenancy:${policy}`,
      [
        { apiGroups: [TENANCY], resources: tenancyTypes, verbs: ['*'] },
        { apiGroups: [TENANCY], resources: statuses, verbs: READ },
      ],
      POLICY_PREFIX + AUTHENTICATED,
    ),
    ...granted(
      `system:kcp:apiexport:kcp-admin:${policy}`,
      [{ apiGroups: [TENANCY], resources: ['*'], verbs: ['*'] }],
      POLICY_PREFIX + KCP_ADMINS,
    ),
    clusterRole('system:kcp:metrics-reader', [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]),
  ]
}

function granted(name: string, rules: Parameters<typeof clusterRole>[1], group = AUTHENTICATED): KubeObject[] {
  const who = name.includes('kcp-admin') ? 'admin' : 'authenticated'
  const binding = name.replace('system:kcp:', `system:kcp:${who}:`)
  return [clusterRole(name, rules), clusterRoleBinding(binding, name, 'Group', [group])]
}

function workspaceType(name: string, spec: object): KubeObject {
  return { apiVersion: `${TENANCY}/v1alpha1`, kind: 'WorkspaceType', metadata: { name }, spec }
}
