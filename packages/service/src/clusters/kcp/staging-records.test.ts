import { annotations, StagingWorkspace } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { STAGING_FAILED, StagingRecords } from './staging-records.ts'

const record = (consumerCluster: string, reason: string, message: string) =>
  StagingWorkspace.of({
    ...{ apiVersion: StagingWorkspace.apiVersion, kind: StagingWorkspace.kind },
    metadata: { name: `staging-${consumerCluster}`, annotations: { [annotations.providerCluster]: 'alpha' } },
    spec: { consumerCluster, providerPath: 'root:alpha', apiExportName: 'things', workspaceTreeRoot: 'root:staging' },
    status: {
      phase: 'Pending',
      conditions: [
        { type: 'WorkspaceReady', status: 'False', reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    },
  })

test('why a workspace cannot be made is known of its consumer and provider alone, and only until it goes on', () => {
  const records = new StagingRecords()
  const told: string[] = []
  records.on('changed', ({ metadata }) => told.push(metadata.name))
  records.take(record('acme', STAGING_FAILED, 'no such luck'))
  records.take(record('globex', 'Creating', 'the workspace is being made'))
  expect(records.trouble({ consumer: 'acme', provider: 'alpha' })).toBe('no such luck')
  expect(records.trouble({ consumer: 'acme', provider: 'beta' })).toBeUndefined()
  expect(records.trouble({ consumer: 'globex', provider: 'alpha' })).toBeUndefined()
  records.take(record('acme', 'Creating', 'the workspace is being made'))
  expect(records.trouble({ consumer: 'acme', provider: 'alpha' })).toBeUndefined()
  expect(told).toEqual(['staging-acme', 'staging-globex', 'staging-acme'])
})
