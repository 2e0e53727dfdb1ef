import { StatusError } from '../../errors.ts'
import type { KubeObject } from '../../objects.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import type { AdmissionRequest } from '../types.ts'

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }

/** Lets the admission plugins change the object of a create or an update. */
export function mutate(scope: Scope, options: WriteOptions, object: KubeObject, old?: KubeObject): void {
  const request = admissionRequest(scope, options, old === undefined ? 'CREATE' : 'UPDATE', object, old)
  if (old === undefined && scope.resource.isEnding) {
    const why = 'create not allowed while custom resource definition is terminating'
    throw StatusError.forbidden(scope.resource, request.name, why)
  }
  for (const plugin of scope.deps.admission) plugin.mutate?.(request)
  if (!request.reinvocation.wanted) return
  request.reinvocation.isRunning = true
  for (const plugin of scope.deps.admission) plugin.mutate?.(request)
}

/** Asks the admission plugins whether a change may be made; without `object`, a deletion. Throws what they throw. */
export function admit(
  scope: Scope,
  options: Pick<WriteOptions, 'dryRun' | 'sent' | 'warn'>,
  object: KubeObject | undefined,
  old?: KubeObject,
): void {
  const operation = object === undefined ? 'DELETE' : old === undefined ? 'CREATE' : 'UPDATE'
  const request = admissionRequest(scope, options, operation, object, old)
  for (const plugin of scope.deps.admission) plugin.validate?.(request)
}

function admissionRequest(
  { cluster, user, resource, version, subresource, namespace, ask }: Scope,
  { dryRun, sent, warn }: Pick<WriteOptions, 'dryRun' | 'sent' | 'warn'>,
  operation: AdmissionRequest['operation'],
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): AdmissionRequest {
  const name = object?.metadata.name ?? old?.metadata.name ?? ''
  // A namespace counts as being inside of itself, as for kube-apiserver.
  const isNamespace = resource.group === '' && resource.resource === 'namespaces'
  return {
    operation,
    cluster,
    user,
    resource,
    version: version.name,
    subresource,
    namespace: isNamespace ? name : namespace,
    name,
    object,
    old,
    dryRun,
    options: { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1', ...sent },
    warn,
    ask,
    reinvocation: { wanted: false, isRunning: false },
  }
}
