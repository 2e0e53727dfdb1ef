import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'

type ServiceAccount = KubeObject & { secrets?: { name?: string }[] }

export const serviceAccounts: Strategy = {
  allowUnconditionalUpdate: true,
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
}

/** Of a reference to a Secret only the name counts. */
function keepSecretNames(next: ServiceAccount): void {
  if (next.secrets !== undefined) next.secrets = next.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}
