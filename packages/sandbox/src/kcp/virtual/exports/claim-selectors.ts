import { setKey } from '../../../kube/json.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../../kube/requests/types.ts'
import { isSameType } from '../../apis/mod.ts'
import { refusal } from '../../refusal.ts'
import type { Subject } from './authorizer.ts'

/** Keeps providers inside of the labels that a consumer chose for a claim (contract 6.3). */
export function claimSelectors(view: Subject): AdmissionPlugin {
  const requiredLabels = ({ resource: { group, resource }, cluster }: AdmissionRequest): [string, string][] => {
    const claim = view.typeOf(group, resource)?.claim
    const accepted = claim && view.consumerIn(cluster)?.claims.find((each) => isSameType(each, claim))
    return accepted?.selector.matchAll === true ? [] : Object.entries(accepted?.selector.matchLabels ?? {})
  }
  return {
    name: 'apis.kcp.io/ClaimSelectors',
    mutate(request) {
      const { operation, object, subresource } = request
      if (operation !== 'CREATE' || object === undefined || subresource !== '') return
      for (const [key, value] of requiredLabels(request)) {
        const labels = object.metadata.labels ?? {}
        const present = Object.hasOwn(labels, key) ? labels[key] : undefined
        if (present !== undefined && present !== value)
          throw refusal(request, `protected label "${key}" must be "${value}"`)
        setKey(labels, key, value)
        object.metadata.labels = labels
      }
    },
    validate(request) {
      const { operation, object, old } = request
      if (operation === 'CREATE') return
      const labels = (object ?? old)?.metadata.labels ?? {}
      const fits = requiredLabels(request).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
      if (!fits) throw refusal(request, 'object does not match required labels')
    },
  }
}
