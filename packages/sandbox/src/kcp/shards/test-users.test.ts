import { expect, test } from 'vitest'
import { testUser } from './test-users.ts'

test('the tokens of kcp’s own tests are known, and no others', () => {
  expect(testUser('user-3-token')).toEqual({ username: 'user-3', groups: ['team-3'], extra: {} })
  expect(testUser('admin-token')?.groups).toEqual(['system:masters'])
  for (const token of ['', 'user-x-token', 'user-1-token ', 'admin', '__proto__'])
    expect(testUser(token)).toBeUndefined()
})
