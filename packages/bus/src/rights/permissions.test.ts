import { expect, test } from 'vitest'
import vectors from '../../vectors/permissions.json' with { type: 'json' }
import { Layout, PARTS, type Part } from '../layout.ts'
import { permissionsOf } from './permissions.ts'
import { type BusUser, busServices, busUsers, busUses } from './uses.ts'

test('there are permissions of every user in the vectors', () => {
  expect(vectors.map(({ user }) => user)).toEqual(busUsers)
})

test.each(vectors)('the permissions of $user', ({ user, prefix, partitions, ...permissions }) => {
  expect(permissionsOf(user as BusUser, new Layout(prefix, partitions))).toEqual(permissions)
})

test.each(busServices)('%s may publish no part but its own', (service) => {
  const layout = new Layout('broker', 8)
  const { allow } = permissionsOf(service, layout).publish
  const own: readonly Part[] = busUses[service].publishes
  expect(PARTS.filter((part) => allow.includes(layout.filter(part)))).toEqual(
    PARTS.filter((part) => own.includes(part)),
  )
})

test('every part is published by somebody', () => {
  const published = busServices.flatMap((service): readonly Part[] => busUses[service].publishes)
  expect(PARTS.filter((part) => !published.includes(part))).toEqual([])
})

test('whatever a user may do is of this broker alone', () => {
  const layout = new Layout('mine', 2)
  const tokens = [layout.stream, layout.parkedStream, layout.offersBucket, layout.endpointsBucket]
  const own = new Set([...tokens, ...tokens.map((name) => `KV_${name}`), 'mine-members', 'mine-inbox'])
  for (const user of busUsers) {
    const { publish, subscribe } = permissionsOf(user, layout)
    for (const subject of [...publish.allow, ...subscribe.allow])
      if (subject !== '$JS.API.INFO')
        expect(
          subject.split('.').some((token) => own.has(token)),
          subject,
        ).toBe(true)
  }
})
