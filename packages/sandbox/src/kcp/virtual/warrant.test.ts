import { expect, test } from 'vitest'
import type { UserInfo } from '../../kube/user.ts'
import { effectiveUsers } from '../authz/mod.ts'
import { warranted, withoutWarrant } from './warrant.ts'

const alice: UserInfo = { username: 'alice', groups: ['system:authenticated'], extra: { team: ['a'] } }
const administrators = (user: UserInfo, cluster: string) =>
  effectiveUsers(user, cluster).filter(({ groups }) => groups.includes('system:kcp:admin'))

test('a caller is an administrator in the logical cluster of the request alone, however often it was one elsewhere', () => {
  for (const _ of [1, 2]) {
    for (const cluster of ['here', 'there']) {
      const other = cluster === 'here' ? 'there' : 'here'
      expect(administrators(warranted(alice, cluster), cluster)).toHaveLength(1)
      expect(administrators(warranted(alice, cluster), other)).toEqual([])
    }
  }
  expect(administrators(alice, 'here')).toEqual([])
})

test('a caller is known again as who it was before', () => {
  expect(withoutWarrant(warranted(alice, 'here'))).toBe(alice)
  expect(withoutWarrant(alice)).toBe(alice)
  expect(warranted(alice, 'here').extra['team']).toEqual(['a'])
})
