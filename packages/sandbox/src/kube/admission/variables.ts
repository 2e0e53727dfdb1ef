import { parseJson, stringifyJson } from '@resource-broker/json'
import type { KubeObject } from '../objects.ts'
import { apiVersionOf, toApiVersion } from '../requests/object-reader.ts'
import type { AdmissionRequest } from '../requests/types.ts'
import { toCel, type Variables } from './expressions.ts'

/** What expressions see of a request whose objects are shown in `version`; `namespace` is that of the request. */
export function variablesOf(request: AdmissionRequest, version: string, namespace: KubeObject | undefined): Variables {
  const { object, oldObject } = objectsOf(request, version)
  const shown = namespace && { ...namespace, metadata: { ...namespace.metadata, managedFields: undefined } }
  return {
    object: toCel(object),
    oldObject: toCel(oldObject),
    request: toCel(requestOf(request, version)),
    namespaceObject: shown === undefined ? null : toCel(parseJson(stringifyJson(shown))),
    authorizer: null,
  }
}

/** The objects of a request in `version`; what is not there is undefined. */
export function objectsOf(
  { resource, object, old }: AdmissionRequest,
  version: string,
): { object: KubeObject | undefined; oldObject: KubeObject | undefined } {
  const wanted = apiVersionOf(resource.group, version)
  const seen = (each: KubeObject | undefined) => each && toApiVersion(resource, each, wanted)
  return { object: seen(object), oldObject: seen(old) }
}

/** An AdmissionRequest of admission.k8s.io/v1 without its uid and its objects. */
export function requestOf(request: AdmissionRequest, version: string) {
  const { resource, subresource, operation, user, name, namespace, dryRun, options } = request
  const { group, kind } = resource
  const { username, uid = '', groups, extra } = user
  const own = request.version
  return {
    kind: { group, version, kind },
    resource: { group, version, resource: resource.resource },
    subResource: subresource,
    requestKind: { group, version: own, kind },
    requestResource: { group, version: own, resource: resource.resource },
    requestSubResource: subresource,
    ...{ name, namespace, operation, dryRun, options },
    userInfo: { username, uid, groups: [...groups], extra: { ...extra } },
  }
}
