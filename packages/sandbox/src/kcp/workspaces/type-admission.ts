import { MASTERS } from '../../kube/authn/mod.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../kube/requests/types.ts'
import { aboutObject } from '../authz/mod.ts'
import { joinPath } from '../clusters/mod.ts'
import { APIS, ROOT_CLUSTER, TENANCY } from '../names.ts'
import { refusal } from '../refusal.ts'
import type { ShardServices } from '../services.ts'
import { boundStorage } from '../storage.ts'
import type { ExportReference, WorkspaceTypeSpec } from './types.ts'

/**
 * Takes only WorkspaceTypes that name where other types are, and whose new default bindings their writer may make (contract 15.4):
 * those are made by the system, for everybody who creates such a workspace.
 */
export function workspaceTypeAdmission(services: ShardServices): AdmissionPlugin {
  const storage = boundStorage(TENANCY, 'workspacetypes', services.identities.get(TENANCY)!)
  return {
    name: 'tenancy.kcp.io/WorkspaceType',
    validate(request) {
      const { resource, object, old } = request
      if (resource.storage !== storage || object === undefined) return
      const complaint = complaintAbout(request, (object['spec'] ?? {}) as WorkspaceTypeSpec)
      if (complaint !== undefined) throw refusal(request, complaint)
      const before = bindingsIn(old)
      const added = bindingsIn(object).filter(
        ({ path, export: name }) => !before.some((each) => each.path === path && each.export === name),
      )
      for (const reference of added) requireBind(services, request, reference)
    },
  }
}

function complaintAbout({ name, cluster }: AdmissionRequest, spec: WorkspaceTypeSpec): string | undefined {
  if (name === 'root' && cluster !== ROOT_CLUSTER) return 'root workspace type can only be created in root cluster'
  const { defaultChildWorkspaceType: child } = spec
  const references = [
    ...(child === undefined ? [] : [{ at: 'defaultChildWorkspaceType', reference: child }]),
    ...(['limitAllowedChildren', 'limitAllowedParents'] as const).flatMap((limit) =>
      (spec[limit]?.types ?? []).map((reference, index) => ({ at: `${limit}.types[${index}]`, reference })),
    ),
  ]
  const lost = references.find(({ reference: { path = '' } }) => path === '')
  return lost && `.spec.${lost.at}.path must be set`
}

function bindingsIn(object: AdmissionRequest['object']): readonly ExportReference[] {
  return (object?.['spec'] as WorkspaceTypeSpec | undefined)?.defaultAPIBindings ?? []
}

/** The export need not be there yet, and whether its workspace is there is not told. */
function requireBind({ directory, rbac }: ShardServices, request: AdmissionRequest, reference: ExportReference): void {
  const { path = '', export: name } = reference
  const cluster = path === '' ? request.cluster : directory.resolve(path)?.cluster
  const { user } = request
  if (cluster !== undefined) {
    const bind = aboutObject({ cluster, user, verb: 'bind', group: APIS, resource: 'apiexports', name })
    if (user.groups.includes(MASTERS) || rbac.authorize(bind).allowed) return
  }
  const why = `unable to create or update WorkspaceType: no permission to bind to export ${joinPath(path, name)}`
  throw refusal(request, why)
}
