import { type Api, createRole, createWorkspace, grant, type Json, KCP_ADMIN, TENANCY } from './support.ts'

/** What a workspace waits for: at its beginning an initializer, at its end a terminator. */
type Step = { name: 'initializer' | 'terminator'; verb: 'initialize' | 'terminate' }

/**
 * Makes types in `root:types` whose workspaces wait for a step, one with permissions and one that extends another; a place for workspaces; and a
 * user who may take the steps of all but `other`. Resolves to the logical cluster of the types.
 */
export async function createStepTypes(admin: Api, { name: step, verb }: Step): Promise<string> {
  const types = (await createWorkspace(admin, 'root', 'types', { type: 'universal' })).spec.cluster
  await createWorkspace(admin, 'root', 'consumers', { type: 'universal' })
  const permissions = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create'] }]
  for (const [name, spec] of Object.entries<Json>({
    waiting: {},
    limited: { [`${step}Permissions`]: permissions },
    other: {},
    both: { extend: { with: [{ name: 'other', path: 'root:types' }] } },
  })) {
    await admin.create(`/clusters/root:types/${TENANCY}/workspacetypes`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name },
      spec: { [step]: true, extend: { with: [{ name: 'universal', path: 'root' }] }, ...spec },
    })
  }
  // Contract 8.4.
  await grant(admin, 'root:types', 'user-1', 'system:kcp:workspace:access')
  const rule = { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: [verb] }
  await createRole(admin, 'root:types', verb, { ...rule, resourceNames: ['waiting', 'limited', 'both'] })
  await grant(admin, 'root:types', 'user-1', verb)
  return types
}

/** Asks for a workspace of one of these types. Resolves to its path. */
export async function askForWorkspace(admin: Api, name: string, type: string): Promise<string> {
  const path = `/clusters/root:consumers/${TENANCY}/workspaces`
  const workspace = { metadata: { name }, spec: { type: { name: type, path: 'root:types' } } }
  const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', ...workspace }
  await admin.json('POST', path, { body, headers: KCP_ADMIN })
  return `${path}/${name}`
}
