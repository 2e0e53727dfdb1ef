import type { AdmissionPlugin } from '../../requests/types.ts'
import { isAdmissionConfiguration } from '../subject.ts'
import type { WebhookConfiguration } from './webhook.ts'

/** Says to whoever configures a webhook that is a Service that its calls will fail: here are no Services to route to. */
export const unreachableServices: AdmissionPlugin = {
  name: 'UnreachableServices',
  validate(request) {
    if (request.object === undefined || !isAdmissionConfiguration(request)) return
    for (const { name, clientConfig } of (request.object as WebhookConfiguration).webhooks ?? []) {
      if (clientConfig?.service === undefined) continue
      request.warn(`webhook ${name}: this server has no Services, so that each call will fail; give the webhook a url`)
    }
  },
}
