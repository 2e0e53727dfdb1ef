import { setKey } from '../../../kube/json.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../../kube/requests/types.ts'
import { labelSelectorMatches } from '../../../kube/selectors/mod.ts'
import { isSameType } from '../../apis/mod.ts'
import { refusal } from '../../refusal.ts'
import type { Subject } from './authorizer.ts'

/** Keeps providers inside of the labels that a consumer chose for a claim (contract 6.3). */
export function claimSelectors(view: Subject): AdmissionPlugin {
  const selectorOf = ({ resource: { group, resource }, cluster }: AdmissionRequest) => {
    const claim = view.typeOf(group, resource)?.claim
    const accepted = claim && view.acceptanceIn(cluster)?.claims.find((each) => isSameType(each, claim))
    return accepted === undefined || accepted.selector.matchAll === true ? {} : accepted.selector
  }
  return {
    name: 'apis.kcp.io/ClaimSelectors',
    mutate(request) {
      const { operation, object, subresource } = request
      if (operation !== 'CREATE' || object === undefined || subresource !== '') return
      for (const [key, value] of Object.entries(selectorOf(request).matchLabels ?? {})) {
        const labels = object.metadata.labels ?? {}
        const present = Object.hasOwn(labels, key) ? labels[key] : undefined
        if (present !== undefined && present !== value)
          throw refusal(request, `protected label "${key}" must be "${value}"`)
        setKey(labels, key, value)
        object.metadata.labels = labels
      }
    },
    validate(request) {
      const { object, old } = request
      // What labels would satisfy matchExpressions cannot be told, so they are not added: an object has them or is refused.
      if (labelSelectorMatches(selectorOf(request), (object ?? old)?.metadata.labels)) return
      throw refusal(request, 'object does not match required labels')
    },
  }
}
