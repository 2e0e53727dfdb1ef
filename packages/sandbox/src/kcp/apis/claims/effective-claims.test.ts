import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AcceptableClaim, ApiBinding, ApiExport, PermissionClaim } from '../types.ts'
import { allowsVerb, effectiveClaims, isSameType, selects } from './effective-claims.ts'

const VERBS = ['get', 'list', 'create', '*']
const type = fc.record({
  group: fc.constantFrom('', 'apps'),
  resource: fc.constantFrom('configmaps', 'secrets'),
  identityHash: fc.constantFrom('', 'deadbeef'),
})
const verbs = fc.uniqueArray(fc.constantFrom(...VERBS), { minLength: 1 })
const exported = fc.uniqueArray(
  fc.tuple(type, verbs).map(([of, verbs]): PermissionClaim => ({ ...of, verbs })),
  { comparator: isSameType, maxLength: 4 },
)
const accepted = fc.uniqueArray(
  fc
    .tuple(type, verbs, fc.constantFrom('Accepted' as const, 'Rejected' as const))
    .map(([of, verbs, state]): AcceptableClaim => ({ ...of, verbs, state, selector: { matchAll: true } })),
  { comparator: isSameType, maxLength: 4 },
)

describe('effective claims (contract 6.1)', () => {
  test('a claim is effective exactly where the export makes it and the binding accepts it', () => {
    fc.assert(
      fc.property(exported, accepted, (made, taken) => {
        const effective = effectiveClaims(exportWith(made), bindingWith(taken))
        for (const claim of [...made, ...taken]) {
          const isTaken = taken.some((each) => each.state === 'Accepted' && isSameType(each, claim))
          const isMade = made.some((each) => isSameType(each, claim))
          expect(effective.some((each) => isSameType(each, claim))).toBe(isMade && isTaken)
        }
      }),
    )
  })

  test('verbs are those that both name, the asterisk being one of them', () => {
    fc.assert(
      fc.property(exported, accepted, (made, taken) => {
        for (const claim of effectiveClaims(exportWith(made), bindingWith(taken))) {
          const [one, other] = [made, taken].map((of) => of.find((each) => isSameType(each, claim))!.verbs)
          const both = VERBS.filter((verb) => one!.includes(verb) && other!.includes(verb))
          expect([...claim.verbs].sort()).toEqual(both.sort())
        }
      }),
    )
  })

  test('an asterisk of one side alone lets nothing through', () => {
    const claim = { resource: 'configmaps' }
    const [effective] = effectiveClaims(
      exportWith([{ ...claim, verbs: ['*'] }]),
      bindingWith([{ ...claim, verbs: ['get'], state: 'Accepted' }]),
    )
    expect(allowsVerb(effective!, 'get')).toBe(false)
  })

  test('an asterisk of both sides lets every verb through', () => {
    const claim = { resource: 'configmaps', verbs: ['*'] }
    const [effective] = effectiveClaims(exportWith([claim]), bindingWith([{ ...claim, state: 'Accepted' }]))
    expect(allowsVerb(effective!, 'deletecollection')).toBe(true)
  })

  test('no group and an empty group are the same, and so are identities', () => {
    expect(isSameType({ resource: 'a' }, { group: '', resource: 'a', identityHash: '' })).toBe(true)
    expect(isSameType({ resource: 'a' }, { resource: 'a', identityHash: 'x' })).toBe(false)
  })
})

describe('selectors of claims (contract 6.3)', () => {
  test.each([
    ['all', { matchAll: true }, undefined, true],
    ['equal labels', { matchLabels: { team: 'a' } }, { team: 'a', more: 'b' }, true],
    ['another value', { matchLabels: { team: 'a' } }, { team: 'b' }, false],
    ['no labels', { matchLabels: { team: 'a' } }, undefined, false],
    ['an expression', { matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }] }, { team: 'a' }, true],
  ])('%s', (_name, selector, labels, isSelected) => {
    expect(selects(selector, labels)).toBe(isSelected)
  })
})

function exportWith(permissionClaims: PermissionClaim[]): ApiExport {
  return { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name: 'e' }, spec: { permissionClaims } }
}

function bindingWith(permissionClaims: AcceptableClaim[]): ApiBinding {
  const spec = { permissionClaims }
  return { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIBinding', metadata: { name: 'b' }, spec }
}
