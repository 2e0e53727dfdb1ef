import { expect, test } from 'vitest'
import type { UserInfo } from '../../kube/user.ts'
import { PerCluster } from './per-cluster.ts'

const alice = (): UserInfo => ({ username: 'alice', groups: [], extra: {} })

function counted() {
  const made: string[] = []
  const names = new PerCluster((user, cluster) => {
    made.push(`${user.username}@${cluster}`)
    return `${user.username}@${cluster}`
  })
  return { made, names }
}

test('is made once for a user and a logical cluster', () => {
  const { made, names } = counted()
  const user = alice()
  expect([names.of(user, 'here'), names.of(user, 'there'), names.of(user, 'here')]).toEqual([
    ...['alice@here', 'alice@there', 'alice@here'],
  ])
  expect(made).toEqual(['alice@here', 'alice@there'])
})

test('is made anew for a user that came again, who may be another one by now', () => {
  const { made, names } = counted()
  names.of(alice(), 'here')
  names.of(alice(), 'here')
  expect(made).toEqual(['alice@here', 'alice@here'])
})

test('is forgotten rather than kept for more logical clusters than one ever asks about', () => {
  const { made, names } = counted()
  const user = alice()
  for (let i = 0; i <= 1_000; i++) names.of(user, `c-${i}`)
  expect(names.of(user, 'c-0')).toBe('alice@c-0')
  expect(made).toHaveLength(1_002)
})
