import { expect, test } from 'vitest'
import { chartedServices } from '../services.ts'
import { rightsIn, rulesOf } from './roles.ts'
import { BROKERED, ROLES, rightsOfServices } from './table.ts'

const services = Object.keys(rightsOfServices)

test('every service that has something to do on plain clusters is in the table, and no other', () => {
  const plain = chartedServices.filter(({ kcpOnly = false }) => !kcpOnly).map(({ name }) => name)
  expect(services.toSorted()).toEqual(plain.toSorted())
})

test.each(services)('what %s may do, all services together may', (service) => {
  for (const role of ROLES) {
    const all = rulesOf(rightsIn(role))
    for (const { verbs, ...where } of rulesOf(rightsIn(role, service)))
      expect(all).toContainEqual({ ...where, verbs: expect.arrayContaining(verbs) })
  }
})

test('verbs on one resource are one rule, and those on names of it another', () => {
  const right = { why: '', group: 'g', resources: ['a'] }
  const rules = rulesOf([
    { ...right, verbs: ['watch'] },
    { ...right, names: ['n'], verbs: ['get'] },
    { ...right, verbs: ['get', 'watch'] },
  ])
  expect(rules).toEqual([
    { apiGroups: ['g'], resources: ['a'], verbs: ['get', 'watch'] },
    { apiGroups: ['g'], resources: ['a'], resourceNames: ['n'], verbs: ['get'] },
  ])
})

test('each brokered kind stands in the place of the example, with its status', () => {
  const resources = [BROKERED.resource, `${BROKERED.resource}/status`]
  const rules = rulesOf(
    [{ why: '', group: BROKERED.group, resources, verbs: ['get'] }],
    [
      { group: 'x', resource: 'as' },
      { group: 'y', resource: 'bs' },
    ],
  )
  expect(rules.map(({ apiGroups, resources: [resource] }) => [apiGroups[0], resource])).toEqual([
    ['x', 'as'],
    ['x', 'as/status'],
    ['y', 'bs'],
    ['y', 'bs/status'],
  ])
})
