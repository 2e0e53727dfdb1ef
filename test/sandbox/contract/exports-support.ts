import { waitFor } from '@resource-broker/testbed'
import { type Api, conditionsOf, type Json, type KubeObject } from './support.ts'

export const APIS = 'apis/apis.kcp.io/v1alpha2'
export const OLD_APIS = 'apis/apis.kcp.io/v1alpha1'
export const SLICES = `${OLD_APIS}/apiexportendpointslices`
export const WIDGETS_IN_DEFAULT = 'apis/example.io/v1/namespaces/default/widgets'
export const WIDGETS = 'apis/example.io/v1/widgets'
const GROUP = 'example.io'
const SCHEMA = `v1.widgets.${GROUP}`

export type Claim = {
  group?: string
  resource: string
  verbs: string[]
  identityHash?: string
  selector?: Json
  state?: 'Accepted' | 'Rejected'
}

/** An APIResourceSchema of namespaced Widgets with status and scale. */
export function widgetSchema(name = SCHEMA): object {
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' }, replicas: { type: 'integer' } } },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name },
    spec: {
      group: GROUP,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {}, scale } }],
    },
  }
}

export function widget(name: string, spec: Json = { size: 1 }): object {
  return { apiVersion: `${GROUP}/v1`, kind: 'Widget', metadata: { name }, spec }
}

/** Exports Widgets, or with schema `none` nothing but claims; answers the export once it has its identity. */
export async function createExport(
  api: Api,
  cluster: string,
  name: string,
  { claims = [], schema = SCHEMA, secretRef }: { claims?: Claim[]; schema?: string; secretRef?: Json } = {},
): Promise<KubeObject & { status: { identityHash: string } }> {
  const base = `/clusters/${cluster}`
  if (schema !== 'none') {
    const path = `${base}/${OLD_APIS}/apiresourceschemas`
    const present = await api.call('GET', `${path}/${schema}`)
    if (present.status === 404) await api.create(path, widgetSchema(schema))
  }
  const resources = [{ name: 'widgets', group: GROUP, schema, storage: { crd: {} } }]
  await api.create(`${base}/${APIS}/apiexports`, {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name },
    spec: {
      ...(schema !== 'none' && { resources }),
      permissionClaims: claims,
      ...(secretRef && { identity: { secretRef } }),
    },
  })
  return waitFor(`export ${name} has its identity`, async () => {
    const found = await api.get(`${base}/${APIS}/apiexports/${name}`)
    const hash = (found.status as { identityHash?: string } | undefined)?.identityHash
    return hash === undefined ? undefined : (found as KubeObject & { status: { identityHash: string } })
  })
}

/** Binds to an export and waits until that is done; `claims` as the binding has them. */
export async function bind(
  api: Api,
  cluster: string,
  [path, name]: [path: string, name: string],
  claims: Claim[] = [],
): Promise<KubeObject> {
  const bindings = `/clusters/${cluster}/${APIS}/apibindings`
  await api.create(bindings, {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name },
    spec: {
      reference: { export: { path, name } },
      permissionClaims: claims.map((claim) => ({ selector: { matchAll: true }, state: 'Accepted', ...claim })),
    },
  })
  return boundBinding(api, `${bindings}/${name}`)
}

/** Waits until a binding is Bound and its claims are applied. */
export async function boundBinding(api: Api, path: string): Promise<KubeObject> {
  return waitFor(`${path} is Bound`, async () => {
    const found = await api.get(path)
    const applied = conditionsOf(found)['PermissionClaimsApplied']?.status === 'True'
    return found.status?.['phase'] === 'Bound' && applied ? found : undefined
  })
}

/** Path of an export's virtual workspace; `exportCluster` is a logical cluster's name. */
export function viewOf(exportCluster: string, name: string, cluster: string): string {
  return `/services/apiexport/${exportCluster}/${name}/clusters/${cluster}`
}
