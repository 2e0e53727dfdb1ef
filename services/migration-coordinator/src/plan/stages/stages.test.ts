import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Assignment,
  annotations,
  type CopyStatus,
  labels,
  type Migration,
  type MigrationStage,
  type StageStatus,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { planStep } from '../plan-step.ts'
import type { Staged, Step, Surroundings } from '../step.ts'
import { staleOf } from './stale.ts'

type Case = {
  name: string
  /** Of the Migration; InitialInProgress if left out. */
  state?: NonNullable<Migration['status']>['state']
  stages: MigrationStage[]
  status?: StageStatus[]
  spec?: Partial<Migration['spec']>
  switchTime?: string
  /** The two copies as their providers have them; null: not known; gone: there is none. */
  from?: object | null | 'gone'
  to?: object | null
  /** What is at the compute cluster: of which stage and attempt, and what it is besides. */
  staged?: { key: string; uid: string; stage: string; attempt: number; object?: object; remains?: string }[]
  gone?: string[]
  paused?: string
  undoneBy?: string
  ready?: boolean
  /** After the switch: what the Assignment says of the old copy; `outgoing` false: it asks for none. */
  keptUntil?: string
  outgoing?: false
  old?: Partial<CopyStatus>
  terminating?: true
  /** The object is at beta, whatever the Migration says of itself. */
  switched?: true
  /** The uids of what is to be removed. */
  stale?: string[]
  step: Step | null
}

const file = join(import.meta.dirname, '../../../vectors/stages.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

const NOW = '2026-01-01T01:00:00Z'
const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
const ends = {
  from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
  to: { gvk, providerCluster: 'beta', acceptAPIName: 'large' },
}

function migrationOf({ state = 'InitialInProgress', stages, status, spec, switchTime }: Case): Migration {
  return {
    apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
    kind: 'Migration',
    metadata: { name: 'migration-1' },
    spec: {
      assignment: 'assignment-a',
      assignmentUID: 'uid-a',
      ...ends,
      configuration: { name: 'c', generation: 1 },
      stages,
      ...spec,
    },
    status: { state, ...(status && { stages: status }), ...(switchTime === undefined ? {} : { switchTime }) },
  }
}

const ALPHA = { providerCluster: 'alpha', acceptAPIName: 'small' }

function assignmentOf({ state, ready = true, keptUntil, outgoing, old, terminating, switched }: Case): Assignment {
  const hasSwitched = state === 'CutoverInProgress' || switched === true
  const active = hasSwitched ? { providerCluster: 'beta', acceptAPIName: 'large' } : ALPHA
  const other = hasSwitched
    ? ({ ...ALPHA, role: 'Outgoing', ...(keptUntil === undefined ? {} : { keptUntil }) } as const)
    : ({ providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' } as const)
  const gvr = { group: gvk.group, version: 'v1', resource: 'things' }
  return {
    apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
    kind: 'Assignment',
    metadata: { name: 'assignment-a', uid: 'uid-a' },
    spec: {
      consumerCluster: 'acme',
      gvr,
      name: 'a',
      uid: 'u',
      ...active,
      ...(outgoing === false ? {} : { copies: [other] }),
    },
    status: {
      phase: terminating === true ? 'Terminating' : 'Bound',
      servedFrom: active.providerCluster,
      copies: [
        { providerCluster: 'beta', applied: true, ready, message: 'it says so' },
        ...(old === undefined ? [] : [{ providerCluster: 'alpha', applied: true, ready: true, ...old }]),
      ],
    },
  }
}

const stagedOf = ({ staged = [] }: Case): Staged[] =>
  staged.map(({ key, uid, stage, attempt, object, remains }) => {
    const metadata = {
      ...{ name: `migration-1-${key}`, namespace: 'migration-1', uid, resourceVersion: '1' },
      labels: { [labels.migrationName]: 'migration-1', [labels.migrationStage]: stage },
      annotations: { [annotations.migrationAttempt]: String(attempt) },
    }
    const whole = { apiVersion: 'batch/v1', kind: 'Job', metadata, ...object } as KubeObject
    return {
      group: 'batch',
      version: 'v1',
      resource: 'jobs',
      namespace: 'migration-1',
      name: metadata.name,
      stage,
      object: whole,
      ...(remains === undefined ? {} : { remains }),
    }
  })

function aroundOf(given: Case): Surroundings {
  const copy = (object: object | null | undefined) =>
    object === null
      ? undefined
      : { cluster: 'c', object: { apiVersion: 'v1', kind: 'Thing', metadata: {}, ...object } as KubeObject }
  const from = given.from === 'gone' ? null : copy(given.from)
  const to = copy(given.to)
  return {
    ...{ assignment: assignmentOf(given), turn: undefined, configuration: undefined, paused: given.paused },
    copies: { ...(from === undefined ? {} : { from }), ...(to && { to }) },
    ...{
      staged: stagedOf(given),
      gone: new Set(given.gone),
      hasCompute: true,
      undoneBy: given.undoneBy,
      now: new Date(NOW),
    },
  }
}

test.each(cases)('$name', (given) => {
  const migration = migrationOf(given)
  expect(planStep(migration, aroundOf(given)) ?? null).toEqual(given.step)
  if (given.stale !== undefined)
    expect(staleOf(migration, stagedOf(given)).map(({ object }) => object.metadata.uid)).toEqual(given.stale)
})
