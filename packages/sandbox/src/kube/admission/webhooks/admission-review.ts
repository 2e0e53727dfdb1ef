import type { AdmissionRequest } from '../../requests/types.ts'
import { objectsOf, requestOf } from '../variables.ts'

const GROUP = 'admission.k8s.io'
/** Those that kube-apiserver speaks. */
const VERSIONS = ['v1', 'v1beta1']

/** What a webhook is sent; `request` has no uid yet. */
export type AdmissionReview = { kind: 'AdmissionReview'; apiVersion: string; request: object }

/** The review of a request whose objects are shown in `version`, in the first of the webhook's own versions that there is. */
export function admissionReview(
  request: AdmissionRequest,
  version: string,
  reviewVersions: readonly string[],
): AdmissionReview {
  const own = reviewVersions.find((each) => VERSIONS.includes(each)) ?? VERSIONS[0]
  const { object, oldObject } = objectsOf(request, version)
  const { subResource, requestSubResource, name, namespace, userInfo, ...rest } = requestOf(request, version)
  const { uid, groups, extra, username } = userInfo
  return {
    kind: 'AdmissionReview',
    apiVersion: `${GROUP}/${own}`,
    request: {
      ...rest,
      // Go leaves out what is empty.
      ...(subResource !== '' && { subResource, requestSubResource }),
      ...(name !== '' && { name }),
      ...(namespace !== '' && { namespace }),
      userInfo: {
        username,
        ...(uid !== '' && { uid }),
        groups,
        ...(Object.keys(extra).length > 0 && { extra }),
      },
      object: object ?? null,
      oldObject: oldObject ?? null,
    },
  }
}
