import type { FieldError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { invalid } from './field-errors.ts'

type Lease = KubeObject & {
  spec?: { leaseDurationSeconds?: number; leaseTransitions?: number; strategy?: string; preferredHolder?: string }
}

export const leases: Strategy = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: dropCoordination,
  prepareForUpdate: dropCoordination,
  validate({ spec = {} }: Lease) {
    const errors: FieldError[] = []
    const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec
    if (seconds !== undefined && seconds <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'))
    }
    if (transitions !== undefined && transitions < 0) {
      errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'))
    }
    return errors
  },
}

/** Fields of the feature gate CoordinatedLeaderElection, which is off by default. */
function dropCoordination({ spec }: Lease): void {
  if (spec === undefined) return
  delete spec.strategy
  delete spec.preferredHolder
}
