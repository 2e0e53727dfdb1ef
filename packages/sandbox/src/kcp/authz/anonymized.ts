import { MASTERS } from '../../kube/authn/mod.ts'
import type { Authorizer } from '../../kube/authorizer.ts'

/**
 * The same decisions, of which clients are told no more than kcp tells them: not which link refused, nor by what. Nothing is said of
 * system:masters, whom no link of kcp's is asked about.
 */
export function anonymized(authorizer: Authorizer): Authorizer {
  return {
    authorize(attributes) {
      const answer = authorizer.authorize(attributes)
      if (answer.allowed && attributes.user.groups.includes(MASTERS)) return answer
      return { ...answer, reason: answer.allowed ? 'access granted' : 'access denied' }
    },
  }
}
