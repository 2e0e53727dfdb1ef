import { expect, test } from 'vitest'
import type { AcceptableClaim, ApiBinding, ApiExport, PermissionClaim } from '../types.ts'
import { claimProblem } from './claim-problem.ts'

const MAPS: PermissionClaim = { resource: 'configmaps', verbs: ['get', 'list'] }
const accepted = (claim: AcceptableClaim): AcceptableClaim => ({
  selector: { matchAll: true },
  state: 'Accepted',
  ...claim,
})

function problem(made: PermissionClaim[], taken: AcceptableClaim[], unknown: AcceptableClaim[] = []) {
  const parts = { apiVersion: 'apis.kcp.io/v1alpha2', metadata: { name: 'x' } }
  const apiExport: ApiExport = { ...parts, kind: 'APIExport', spec: { permissionClaims: made } }
  const binding: ApiBinding = { ...parts, kind: 'APIBinding', spec: { permissionClaims: taken } }
  return claimProblem(apiExport, binding, unknown)
}

test('6.6 equal claims are fine, in whatever order their verbs are', () => {
  expect(problem([MAPS], [accepted({ ...MAPS, verbs: ['list', 'get'] })])).toBeUndefined()
})

test('6.6 a claim that is rejected, or not answered, is no problem', () => {
  expect(problem([MAPS], [])).toBeUndefined()
  expect(problem([], [{ ...MAPS, state: 'Rejected' }])).toBeUndefined()
})

test('6.6 accepting what is not exported is an error that names it', () => {
  const found = problem(
    [MAPS],
    [accepted({ group: 'apps', resource: 'deployments', verbs: ['*'], identityHash: 'ab' })],
  )
  expect(found).toMatchObject({ severity: 'Error', reason: 'InvalidPermissionClaims' })
  expect(found?.message).toContain('deployments.apps:ab')
})

test('6.5 a claim on a type that is not known is an error', () => {
  const claim = accepted(MAPS)
  expect(problem([MAPS], [claim], [claim])).toMatchObject({ severity: 'Error', reason: 'InvalidPermissionClaims' })
})

test.each([
  ['verbs', MAPS, accepted({ ...MAPS, verbs: ['get'] })],
  ['selector', { ...MAPS, defaultSelector: { matchLabels: { a: 'b' } } }, accepted(MAPS)],
])('6.6 differing %s are a warning', (_what, made, taken) => {
  expect(problem([made], [taken])).toMatchObject({ severity: 'Warning', reason: 'PermissionClaimsMismatch' })
})
