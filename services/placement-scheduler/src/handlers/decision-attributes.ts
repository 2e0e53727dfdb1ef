import type { Decision } from '@resource-broker/api'

/**
 * What a trace says of a decision. What the object has there, and what was wanted of it, stays in the Assignment: it may be nobody
 * else's business.
 */
export function decisionAttributes(decision: Decision) {
  const { candidates = [], refused = [], policy } = ('record' in decision ? decision.record : undefined) ?? {}
  return {
    'broker.verdict': decision.verdict,
    ...('offer' in decision
      ? { 'broker.offer': `${decision.offer.ref.providerCluster}/${decision.offer.ref.name}` }
      : {}),
    ...(policy === undefined ? {} : { 'broker.policy': policy }),
    'broker.candidates': candidates.map(({ providerCluster, acceptAPIName }) => `${providerCluster}/${acceptAPIName}`),
    'broker.refused': refused.map(({ providerCluster, acceptAPIName, rule, path }) =>
      `${providerCluster}/${acceptAPIName}: ${rule} ${path}`.trimEnd(),
    ),
  }
}
