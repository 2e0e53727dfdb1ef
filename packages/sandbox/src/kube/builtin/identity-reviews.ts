import { type TokenAuthenticator, TokenError } from '../authn/mod.ts'
import { StatusError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { timestamp } from '../timestamp.ts'
import type { UserInfo } from '../user.ts'

type TokenReview = KubeObject & { spec?: { token?: string; audiences?: string[] } }

/** Says whose a token is. */
export function tokenReviews(authenticator: TokenAuthenticator): Strategy {
  return {
    review(review: TokenReview) {
      const { token = '', audiences = [] } = review.spec ?? {}
      if (token === '') throw StatusError.badRequest('token is required for TokenReview in authentication')
      try {
        const found = authenticator.authenticateToken(token, audiences.length === 0 ? undefined : audiences)
        const status = { authenticated: true, user: shown(found.user), audiences: [...found.audiences] }
        return { ...review, status }
      } catch (error) {
        if (!(error instanceof TokenError)) throw error
        const why =
          error.message === 'invalid bearer token' ? error.message : `[invalid bearer token, ${error.message}]`
        return { ...review, status: { user: {}, error: why } }
      }
    },
  }
}

/** Says who the caller is. */
export const selfSubjectReviews: Strategy = {
  review({ apiVersion, kind }, { user, now }) {
    const metadata = { creationTimestamp: timestamp(now) }
    return { apiVersion, kind, metadata, status: { userInfo: shown(user) } }
  },
}

function shown({ username, uid, groups, extra }: UserInfo): object {
  return {
    username,
    ...(uid !== undefined && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}
