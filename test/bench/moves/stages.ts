import { labels, MigrationConfiguration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { THING } from '../../support/provider-controller.ts'

/** How many moves through stages run at once. */
export const AT_ONCE = 10
export const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps' } as const
/** What a stage deploys, and what chooses it. */
export type Deployed = KubeObject & { data?: { done?: string } }
export const DEPLOYED = labels.migrationStage

type Manifest = { apiVersion: string; kind: string; metadata: { name: string }; spec: object }

const KIND = { group: THING.group, version: THING.version, kind: 'Thing' }

/** What a stage deploys, but for its name. */
export const TEMPLATE = { apiVersion: 'v1', kind: 'ConfigMap', data: { size: 'large' } }

/** One stage of each phase for moves of Things that ask for it; each is done when the compute cluster says so. */
export function stagesOfMoves(): Manifest {
  const { apiVersion, kind } = MigrationConfiguration
  const stages = ['Initial', 'Cutover', 'Finalize'].map((phase) => ({
    ...{ name: phase.toLowerCase(), phase, templates: { run: TEMPLATE }, successConditions: ['has(run.data.done)'] },
  }))
  const spec = { from: KIND, to: KIND, stages, limits: { total: AT_ONCE } }
  return { apiVersion, kind, metadata: { name: 'bench' }, spec }
}
