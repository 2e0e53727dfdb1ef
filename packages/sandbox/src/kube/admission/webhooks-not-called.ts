import type { AdmissionPlugin } from '../requests/types.ts'

const GROUP = 'admissionregistration.k8s.io'
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']

/** Says to whoever configures a webhook that it will not be called: it would be trusted to protect something. */
export const webhooksNotCalled: AdmissionPlugin = {
  name: 'WebhooksNotCalled',
  validate({ resource, object, warn }) {
    if (resource.group !== GROUP || !CONFIGURATIONS.includes(resource.resource) || object === undefined) return
    warn('this server keeps configurations of admission webhooks and does not call the webhooks')
  },
}
