import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS } from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  conditionsOf,
  configMap,
  createWorkspace,
  type KubeObject,
  ready,
  TENANCY,
  type Watch,
  WORKSPACES,
} from './support.ts'

/** The states of one object that a watch saw, as `read` gives them, without repetitions. */
function seen<T>(watch: Watch, name: string, read: (object: KubeObject) => T): T[] {
  const states = watch.events.filter(({ object }) => object.metadata.name === name).map(({ object }) => read(object))
  return states.filter((state, index) => index === 0 || JSON.stringify(state) !== JSON.stringify(states[index - 1]))
}

/** An answer to a request may overtake the event that tells of the same. */
async function shown(watch: Watch, is: (object: KubeObject) => boolean): Promise<void> {
  await waitFor('the watch has it', () => watch.events.some(({ object }) => is(object)))
}

describe('contract 5.1 and 5.2', () => {
  let sandbox: Sandbox
  let admin: Api

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    const types = `/clusters/root/${TENANCY}/workspacetypes`
    const extend = { with: [{ name: 'universal', path: 'root' }] }
    for (const [name, spec] of Object.entries({
      initialized: { initializer: true },
      terminated: { terminator: true },
    })) {
      await admin.create(types, {
        ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name } },
        spec: { ...spec, extend },
      })
    }
  })
  afterAll(() => sandbox.close())

  test('5.1 events of a Workspace come in order', async () => {
    const watch = await admin.watch(`${WORKSPACES}?watch=true`)
    await createWorkspace(admin, 'root', 'ordered', { type: 'universal' })
    await shown(watch, ({ metadata, status }) => metadata.name === 'ordered' && status?.['phase'] === 'Ready')
    watch.close()
    const steps = seen(watch, 'ordered', ({ metadata, spec, status }) => ({
      phase: status?.['phase'] ?? '',
      placed: metadata.annotations?.['internal.tenancy.kcp.io/cluster'] !== undefined,
      finalized: metadata.finalizers?.includes('core.kcp.io/logicalcluster') ?? false,
      addressed: spec?.['cluster'] !== undefined && spec['URL'] !== undefined,
      scheduled: conditionsOf({ metadata, spec, status } as KubeObject)['WorkspaceScheduled']?.status ?? '',
      initialized: conditionsOf({ metadata, spec, status } as KubeObject)['WorkspaceInitialized']?.status ?? '',
    }))
    const step = (phase: string, flags: string, scheduled = '', initialized = '') => ({
      ...{ phase, placed: flags.includes('p'), finalized: flags.includes('p'), addressed: flags.includes('a') },
      ...{ scheduled, initialized },
    })
    expect(steps.filter(({ initialized }) => initialized !== 'False')).toEqual([
      step('', ''),
      step('Scheduling', ''),
      step('Scheduling', 'p'),
      step('Scheduling', 'pa'),
      step('Scheduling', 'pa', 'True'),
      step('Initializing', 'pa', 'True'),
      step('Ready', 'pa', 'True', 'True'),
    ])
  })

  test('5.1 events of a LogicalCluster come in order', async () => {
    const watch = await admin.watch(`/clusters/*/${CORE}/logicalclusters?watch=true`)
    const { spec } = await createWorkspace(admin, 'root', 'inside', { type: 'universal' })
    const isOwn = ({ metadata }: KubeObject) => metadata.annotations?.['kcp.io/cluster'] === spec.cluster
    await shown(watch, (object) => isOwn(object) && object.status?.['phase'] === 'Ready')
    watch.close()
    const own = watch.events.filter(({ object }) => isOwn(object))
    const phases = own.map(({ object: { status } }) => `${status?.['phase'] ?? ''} ${status?.['initializers'] ?? ''}`)
    const distinct = phases.filter((phase, index) => phase !== phases[index - 1] && !/^(Scheduling)? $/.test(phase))
    expect(distinct[0]).toBe('Initializing root:universal,system:apibindings')
    expect(distinct.at(-1)).toBe('Ready ')
    expect(distinct).toHaveLength(4)
  })

  test('5.1 a location that no shard has leaves it Unschedulable, until one has', async () => {
    const path = `${WORKSPACES}/unplaced`
    await admin.create(WORKSPACES, {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'unplaced' } },
      spec: { location: { selector: { matchLabels: { region: 'moon' } } } },
    })
    const condition = await waitFor(
      'it is refused',
      async () => conditionsOf(await admin.get(path))['WorkspaceScheduled'],
    )
    expect(condition).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: 'No available shards to schedule the workspace',
    })
    await admin.merge(`/clusters/root/${CORE}/shards/root`, { metadata: { labels: { region: 'moon' } } })
    expect((await ready(admin, path)).metadata.labels).toMatchObject({ region: 'moon' })
  })

  test('5.1 an initializer of a type holds the workspace until it is taken away', async () => {
    await admin.create(WORKSPACES, {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'held' } },
      spec: { type: { name: 'initialized', path: 'root' } },
    })
    const held = await waitFor('it waits', async () => {
      const workspace = await admin.get(`${WORKSPACES}/held`)
      const left = workspace.status?.['initializers'] as string[] | undefined
      return left?.join() === 'root:initialized' ? workspace : undefined
    })
    expect(held.status?.['phase']).toBe('Initializing')
    expect(conditionsOf(held)['WorkspaceInitialized']).toMatchObject({ status: 'False', reason: 'InitializerExists' })
    const cluster = held.spec?.['cluster']
    const path = `/clusters/${cluster}/${CORE}/logicalclusters/cluster/status`
    await admin.merge(path, { status: { initializers: [] } })
    await ready(admin, `${WORKSPACES}/held`)
  })

  test('5.1 system:apibindings binds the exports of the type, named after them', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'bound', { type: 'universal' })
    const bindings = await admin.items(`/clusters/${spec.cluster}/${APIS}/apibindings`)
    expect(bindings.map((binding) => binding.spec?.['reference'])).toEqual(
      expect.arrayContaining([
        { export: { path: 'root', name: 'tenancy.kcp.io' } },
        { export: { path: 'root', name: 'topology.kcp.io' } },
      ]),
    )
    for (const { metadata } of bindings) expect(metadata.name).toMatch(/^(tenancy|topology)\.kcp\.io-[0-9a-z]{5}$/)
    for (const binding of bindings) expect(binding.status?.['phase']).toBe('Bound')
  })

  test('5.1 root:universal creates the namespaces default and kube-system', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'spaced', { type: 'universal' })
    const namespaces = await admin.items(`/clusters/${spec.cluster}/api/v1/namespaces`)
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['default', 'kube-system'])
  })

  test('5.2 a workspace goes with all that is in it', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'doomed', { type: 'universal' })
    const child = await createWorkspace(admin, 'root:doomed', 'child', { type: 'universal' })
    for (const { cluster } of [spec, child.spec]) {
      await admin.create(`/clusters/${cluster}/${CONFIG_MAPS}`, configMap('content'))
    }
    await admin.call('DELETE', `${WORKSPACES}/doomed`)
    await waitFor('it is gone', async () => (await admin.call('GET', `${WORKSPACES}/doomed`)).status === 404)
    expect((await admin.call('GET', '/clusters/root:doomed/api')).status).toBe(404)
    for (const { cluster } of [spec, child.spec]) {
      expect(await admin.items(`/clusters/${cluster}/api/v1/configmaps`)).toEqual([])
      expect(await admin.items(`/clusters/${cluster}/api/v1/namespaces`)).toEqual([])
      expect(await admin.items(`/clusters/${cluster}/${CORE}/logicalclusters`)).toEqual([])
    }
  })

  test('5.2 phases and conditions of a deletion are mirrored', async () => {
    await createWorkspace(admin, 'root', 'mirrored', { type: 'terminated' })
    const { spec } = await admin.get(`${WORKSPACES}/mirrored`)
    const watch = await admin.watch(`${WORKSPACES}?watch=true`)
    await admin.call('DELETE', `${WORKSPACES}/mirrored`)
    const terminating = await waitFor('it terminates', async () => {
      const workspace = await admin.get(`${WORKSPACES}/mirrored`)
      return workspace.status?.['phase'] === 'Terminating' ? workspace : undefined
    })
    expect(terminating.status?.['terminators']).toEqual(['root:terminated'])
    const path = `/clusters/${spec?.['cluster']}/${CORE}/logicalclusters/cluster`
    expect((await admin.get(path)).status?.['phase']).toBe('Terminating')
    await admin.merge(`${path}/status`, { status: { terminators: [] } })
    await waitFor('it is gone', async () => (await admin.call('GET', `${WORKSPACES}/mirrored`)).status === 404)
    watch.close()
    const phases = seen(watch, 'mirrored', ({ status }) => status?.['phase'])
    expect(phases).toEqual(['Ready', 'Terminating', 'Deleting'])
    const last = watch.events.filter(({ object }) => object.metadata.name === 'mirrored').at(-1)
    expect(last?.type).toBe('DELETED')
    expect(conditionsOf(last!.object)['WorkspaceContentDeleted']?.status).toBe('True')
  })

  test('5.2 a finalizer inside holds the deletion, and the condition says so', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'stuck', { type: 'universal' })
    const path = `/clusters/${spec.cluster}/${CONFIG_MAPS}`
    await admin.create(path, { ...configMap('kept'), metadata: { name: 'kept', finalizers: ['example.org/keep'] } })
    await admin.call('DELETE', `${WORKSPACES}/stuck`)
    const condition = await waitFor('the condition', async () => {
      return conditionsOf(await admin.get(`${WORKSPACES}/stuck`))['WorkspaceContentDeleted']
    })
    expect(condition).toMatchObject({ status: 'False', reason: 'SomeResourcesRemain' })
    await admin.merge(`${path}/kept`, { metadata: { finalizers: null } })
    await waitFor('it is gone', async () => (await admin.call('GET', `${WORKSPACES}/stuck`)).status === 404)
  })
})
