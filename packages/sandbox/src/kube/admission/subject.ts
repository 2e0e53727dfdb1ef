import type { Store } from '../../store/types.ts'
import { parseOwnJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import type { AdmissionRequest } from '../requests/types.ts'

const OWN_GROUP = 'admissionregistration.k8s.io'

/** What policies and webhooks need to find out what a request is about. */
export type SubjectOptions = {
  /** Of namespaces. */
  store: Store
  /** The logical cluster whose policies and webhooks a request is held to. */
  sourceOf: (request: Pick<AdmissionRequest, 'cluster' | 'resource'>) => string
}

/** The namespace that a request is in, as it is this moment. */
export function namespaceOf(store: Store, { cluster, resource, namespace }: AdmissionRequest): KubeObject | undefined {
  if (!resource.namespaced || namespace === '') return undefined
  const entry = store.get({ resource: 'namespaces', cluster, namespace: '', name: namespace })
  return entry && parseOwnJson<KubeObject>(entry.bytes)
}

/** Whether a request is about a policy or its binding: else a policy could keep everybody from mending it. */
export function isPolicy({ resource: { group, resource } }: Pick<AdmissionRequest, 'resource'>): boolean {
  return group === OWN_GROUP && (resource.endsWith('policies') || resource.endsWith('policybindings'))
}

/** As isPolicy, and of configurations of webhooks. */
export function isAdmissionConfiguration(request: Pick<AdmissionRequest, 'resource'>): boolean {
  const { group, resource } = request.resource
  return isPolicy(request) || (group === OWN_GROUP && resource.endsWith('webhookconfigurations'))
}
