import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Assignment, type AssignmentCopy, type CopyStatus, Migration, type MigrationState } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { assignment, migration } from '../fixtures.ts'
import { offersOf } from './claimants.ts'

/** Offers are written as provider/AcceptAPI. */
type Case = {
  name: string
  at?: string
  copies?: (Pick<AssignmentCopy, 'role' | 'keptUntil'> & { of: string })[]
  recorded?: { of: string; applied: boolean }[]
  moves?: { to: string; state?: MigrationState }[]
  has: string[]
}

const file = join(import.meta.dirname, '../../vectors/claimants.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

/** The offer's name is left out where the text has none. */
function namesOf(text: string) {
  const [providerCluster = '', acceptAPIName] = text.split('/')
  return { providerCluster, ...(acceptAPIName === undefined ? {} : { acceptAPIName }) }
}

function assignmentOf({ at, copies, recorded }: Case): Assignment | undefined {
  if (at === undefined) return undefined
  const asked = copies?.map(({ of, ...copy }) => ({ ...namesOf(of), ...copy }) as AssignmentCopy)
  const said = recorded?.map(({ of, applied }): CopyStatus => ({ ...namesOf(of), applied, ready: applied }))
  const [provider, offer] = at.split('/') as [string, string]
  const object = assignment({ at: provider, offer, ...(asked && { copies: asked }) }).object as KubeObject
  return Assignment.of({ ...object, status: { ...(object.status as object), ...(said && { copies: said }) } })
}

const moveOf = ({ to, state }: { to: string; state?: MigrationState }): Migration =>
  Migration.of(migration({ to: namesOf(to).providerCluster, ...(state && { state }) }).object as KubeObject)

test.each(cases)('$name', (given) => {
  const offers = offersOf(assignmentOf(given), (given.moves ?? []).map(moveOf))
  const texts = offers.map(({ providerCluster, name }) => `${providerCluster}/${name}`)
  expect([...new Set(texts)]).toEqual(given.has)
})
