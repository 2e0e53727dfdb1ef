import { PassThrough } from 'node:stream'
import { annotations, StagingWorkspace } from '@resource-broker/api'
import { stringifyJson } from '@resource-broker/json'
import { KubeClient } from '@resource-broker/kube'
import { expect, test, vi } from 'vitest'
import type { Logger } from '../../logger.ts'
import { STAGING_FAILED, StagingRecords } from './staging-records.ts'

const LOGGER = { warn: () => undefined } as unknown as Logger

const record = (consumerCluster: string, reason: string, message: string, metadata: object = {}) =>
  StagingWorkspace.of({
    ...{ apiVersion: StagingWorkspace.apiVersion, kind: StagingWorkspace.kind },
    metadata: {
      name: `staging-${consumerCluster}`,
      annotations: { [annotations.providerCluster]: 'alpha' },
      ...metadata,
    },
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

const made = (resourceVersion: string, uid = 'uid-1') => record('acme', 'Creating', '', { uid, resourceVersion })

test('an answer that was overtaken by the watch is no news', () => {
  const records = new StagingRecords()
  records.take(made('9'))
  const ending = { ...made('11'), status: { phase: 'Terminating' as const } }
  records.take(ending)
  records.take(made('10'))
  expect(records.get('staging-acme')).toEqual(ending)
  records.take(made('12'))
  records.take(made('3', 'uid-2')) // of another store, or of a server that counts anew
  expect(records.get('staging-acme')?.metadata.uid).toBe('uid-2')
})

/** What a platform tells of its StagingWorkspaces, line by line. */
function followed() {
  const stream = Object.assign(new PassThrough(), { statusCode: 200, headers: {} })
  const transport = { stream: async () => stream, send: async () => ({ status: 404, body: '', headers: {} }) }
  const records = new StagingRecords()
  const stopping = new AbortController()
  const client = new KubeClient({ transport: { ...transport, close: () => undefined } as never, base: '' })
  records.follow(client, LOGGER, stopping.signal)
  const tell = (type: string, object: object) => void stream.write(`${stringifyJson({ type, object })}\n`)
  return { records, tell, stop: () => stopping.abort() }
}

test('a record that is gone does not come back by an answer that was late, and the next of its name is known', async () => {
  const { records, tell, stop } = followed()
  const name = 'staging-acme'
  tell('ADDED', made('9'))
  tell('BOOKMARK', { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } })
  await vi.waitFor(() => expect(records.get(name)).toBeDefined())
  tell('DELETED', made('12'))
  await vi.waitFor(() => expect(records.get(name)).toBeUndefined())
  records.take(made('10'))
  expect(records.get(name)).toBeUndefined()
  records.take(made('13', 'uid-2'))
  expect(records.get(name)?.metadata.uid).toBe('uid-2')
  stop()
})
