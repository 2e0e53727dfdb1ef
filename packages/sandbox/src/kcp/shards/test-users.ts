import { MASTERS } from '../../kube/authn/mod.ts'
import type { UserInfo } from '../../kube/user.ts'

/** `user-1-token` is user-1 of group team-1: the tokens that kcp's own tests carry (contract 12.1). */
const TEST_TOKEN = /^user-(\d+)-token$/
const ADMIN_TOKEN = 'admin-token'

/** Whose a token of kcp's tests is; they are good in every sandbox. */
export function testUser(token: string): UserInfo | undefined {
  if (token === ADMIN_TOKEN) return { username: 'admin', groups: [MASTERS], extra: {} }
  const number = TEST_TOKEN.exec(token)?.[1]
  return number === undefined ? undefined : { username: `user-${number}`, groups: [`team-${number}`], extra: {} }
}
