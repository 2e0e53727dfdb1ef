import { expect, test } from 'vitest'
import { type Assignment, exportAt, statusEdit } from './assignment.ts'

const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
const active = {
  consumerCluster: 'acme',
  gvr,
  name: 'a',
  uid: 'uid-a',
  providerCluster: 'alpha',
  acceptAPIName: 'small',
}
const copy = { acceptAPIName: 'large', role: 'Incoming' } as const
const said = { applied: true, ready: false }

const assignment: Pick<Assignment, 'spec' | 'status'> = {
  spec: {
    ...active,
    copies: [
      { ...copy, providerCluster: 'beta', apiExportName: 'of-beta' },
      { ...copy, providerCluster: 'gamma' },
    ],
  },
  status: {
    phase: 'Bound',
    apiExportName: 'of-alpha',
    copies: [
      { ...said, providerCluster: 'beta', apiExportName: 'of-beta-before' },
      { ...said, providerCluster: 'delta', apiExportName: 'of-delta' },
    ],
  },
}

test.each([
  { what: 'the active copy', provider: 'alpha', name: 'of-alpha' },
  { what: 'a copy that is asked for', provider: 'beta', name: 'of-beta' },
  { what: 'a copy that nobody asks for any more', provider: 'delta', name: 'of-delta' },
  { what: 'a copy that was asked for by whoever knew of no export', provider: 'gamma', name: undefined },
  { what: 'no copy', provider: 'epsilon', name: undefined },
])('the export of $what is that through which it was made', ({ provider, name }) => {
  expect(exportAt(assignment, provider)).toBe(name)
})

test('the edit of a status that a backup did not have brings the phase with it', () => {
  expect(statusEdit({ ...assignment, status: undefined as never }, { servedFrom: 'alpha' })).toEqual({
    phase: 'Bound',
    servedFrom: 'alpha',
  })
  expect(statusEdit(assignment, { servedFrom: 'alpha' })).toEqual({ servedFrom: 'alpha' })
})
