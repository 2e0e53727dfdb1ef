import { MigrationConfiguration } from '@resource-broker/api'
import type { ApiServer } from '../server/api-server.ts'
import type { Weather } from '../world/weather.ts'
import { ask } from './ask.ts'

const THING = { group: 'example.test', version: 'v1', kind: 'Thing' }
/** Of the order of what a user does next, so that some moves are undone in that time. */
const KEPT_FOR = '4s'

/**
 * What the platform says of moves of Things: that they go through stages, in each phase one, under one name; that their old copies are kept;
 * that somebody has to agree.
 */
export function configureMoves(
  platform: ApiServer,
  { isStaged, keepsOutgoing, approval }: Pick<Weather, 'isStaged' | 'keepsOutgoing' | 'approval'>,
): void {
  if (!isStaged && !keepsOutgoing && approval === undefined) return
  const { apiVersion, kind, plural, group } = MigrationConfiguration
  const metadata = { name: 'things' }
  const place = { resource: `${plural}.${group}`, name: metadata.name }
  const asked = {
    ...(isStaged && { stages: stages() }),
    ...(keepsOutgoing && { keepOutgoing: KEPT_FOR }),
    ...(approval && { approval }),
  }
  ask(platform, 'POST', place, { apiVersion, kind, metadata, spec: { from: THING, to: THING, ...asked } })
}

function stages(): object[] {
  const run = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    spec: { secret: 'from-${from.status.relatedResources.credentials.name}' },
  }
  const stage = { templates: { run }, successConditions: ['has(run.status.succeeded)'], retries: 100, timeout: '30s' }
  return [
    { name: 'copy', preconditions: ['to.status.status == "Available"'], ...stage },
    { name: 'freeze', phase: 'Cutover', ...stage },
    { name: 'verify', phase: 'Finalize', ...stage },
  ]
}
