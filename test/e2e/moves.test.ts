import { annotations, Migration, MigrationConfiguration, providerName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ENGINE, type Landscape, type Site } from '../support/landscape.ts'
import { runNamespaceController } from '../support/namespace-controller.ts'
import { neverAbsent } from '../support/never-absent.ts'
import { type Scene, startScene } from '../support/scene.ts'
import { report, reportOf, tell } from '../support/stage-site.ts'
import {
  assignmentOf,
  conditionOf,
  configureMoves,
  copyAt,
  create,
  eventsAbout,
  gone,
  instruct,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  read,
  release,
  secretOf,
  secretRef,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let stopNamespaces: (() => void) | undefined
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  const before = async ({ flags, platform }: Landscape) => {
    flags.push(
      ...['--compute-kubeconfig', platform.kubeconfig, '--stage-kinds', 'ConfigMap.v1.'],
      ...['--moves-without-approval', '1'],
    )
    if (ENGINE === 'clusters') stopNamespaces = runNamespaceController(platform)
  }
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'], before })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await offerCondition(alpha, 'small', 'True', 'Indexed')
  await offerCondition(beta, 'large', 'True', 'Indexed')
})

afterAll(async () => {
  stopNamespaces?.()
  await scene?.stop()
})

/** Places a Thing at alpha. */
async function settle(name: string): Promise<void> {
  await create(acme, thing(name, { size: 'small', secret: true, value: 1 }))
  await served(acme, name, alpha)
  await expect.poll(() => secretOf(acme, `${name}-secret`)).toEqual({ from: 'alpha/1' })
}

const largeAndFailing = { size: 'large', fail: true }

/** Asks for the move of a settled Thing to beta, where it comes to nothing yet: beta says Provisioning. */
async function beginMove(name: string): Promise<string> {
  await settle(name)
  await patchSpec(acme, thingRef(name), { size: 'large', pending: true })
  return await inState(name, 'InitialInProgress')
}

async function inState(name: string, state: string, index = 0): Promise<string> {
  return await waitFor(`the Migration of ${name} is ${state}`, async () => {
    const migration = (await migrationsOf(landscape, acme, name))[index]
    return migration?.status?.state === state ? migration.metadata.name : undefined
  })
}

const readyOf = async (name: string) => {
  const migration = (await read(landscape.platform, { ...Migration.resource, name })) as unknown as Migration
  return migration.status?.conditions?.find(({ type }) => type === 'Ready')
}

/** Waits until the Migration of a Thing, its first, and the Thing itself have Events of these reasons, and no others. */
async function toldOf(name: string, ofMigration: string[], ofThing: string[]): Promise<void> {
  const [migration] = await migrationsOf(landscape, acme, name)
  const object = await read(acme, thingRef(name))
  await expect.poll(() => eventsAbout(landscape.platform, migration?.metadata.uid)).toEqual(ofMigration)
  await expect.poll(() => eventsAbout(acme, object?.metadata.uid)).toEqual(ofThing)
}

test('a move makes the new copy first, switches, and takes the old one away; the Secret is there all the time', async () => {
  await settle('mover')
  const check = await neverAbsent(acme, 'mover-secret')
  await patchSpec(acme, thingRef('mover'), { size: 'large', value: 2 })
  await served(acme, 'mover', beta)
  await expect.poll(() => secretOf(acme, 'mover-secret')).toEqual({ from: 'beta/2' })
  await gone(...copyAt(alpha, acme, 'mover'))
  const name = await inState('mover', 'CutoverCompleted')
  expect(await readyOf(name)).toMatchObject({
    status: 'True',
    reason: 'Completed',
    message: `moved from ${alpha.cluster} to ${beta.cluster}`,
  })
  check()
  const assignment = await assignmentOf(landscape, acme, 'mover')
  expect(assignment?.spec).toMatchObject({ providerCluster: beta.cluster, acceptAPIName: 'large' })
  expect(assignment?.spec.copies).toBeUndefined()
  expect(assignment?.status?.decision).toMatchObject({
    candidates: [{ providerCluster: beta.cluster, acceptAPIName: 'large' }],
    refused: [{ providerCluster: alpha.cluster, acceptAPIName: 'small', rule: 'valueIn', got: '"large"' }],
  })
  await told(acme, 'mover', 'Placed', 'True', 'Placed')
  await waitFor(
    'the condition Migrating is gone',
    async () => conditionOf(await read(acme, thingRef('mover')), 'Migrating') === undefined,
  )
  await toldOf('mover', ['Begun', 'Completed', 'Cutover'], ['MoveBegun', 'Moved'])
})

test('there and back again is two moves', async () => {
  await settle('returns')
  await patchSpec(acme, thingRef('returns'), { size: 'large' })
  await served(acme, 'returns', beta)
  await inState('returns', 'CutoverCompleted')
  await patchSpec(acme, thingRef('returns'), { size: 'small' })
  await served(acme, 'returns', alpha)
  await inState('returns', 'CutoverCompleted', 1)
  await gone(...copyAt(beta, acme, 'returns'))
  expect(await migrationsOf(landscape, acme, 'returns')).toHaveLength(2)
})

test('a new copy that fails leaves the old one active and says why everywhere; a further change of the spec tries again', async () => {
  await settle('fails')
  await patchSpec(acme, thingRef('fails'), largeAndFailing)
  const name = await inState('fails', 'Failed')
  const ready = await readyOf(name)
  expect(ready).toMatchObject({ status: 'False', reason: 'IncomingFailed' })
  expect(ready?.message).toBe(
    `the copy at ${beta.cluster} failed: the provider says Failed; the object stays at ${alpha.cluster}`,
  )
  const { message } = await told(acme, 'fails', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(message).toContain(`got Migration ${name} failed`)
  await told(acme, 'fails', 'Synced', 'False', 'NotAccepted')
  await toldOf('fails', ['Begun', 'IncomingFailed'], ['MoveBegun', 'MoveFailed', 'ProviderNoLongerAccepts'])
  await gone(...copyAt(beta, acme, 'fails'))
  const object = await read(acme, thingRef('fails'))
  expect(object?.status).toMatchObject({ status: 'Available', from: 'alpha' })
  expect(await secretOf(acme, 'fails-secret')).toEqual({ from: 'alpha/1' })
  expect((await assignmentOf(landscape, acme, 'fails'))?.spec.providerCluster).toBe(alpha.cluster)
  await patchSpec(acme, thingRef('fails'), { fail: null })
  await served(acme, 'fails', beta)
  await inState('fails', 'CutoverCompleted', 1)
  await gone(...copyAt(alpha, acme, 'fails'))
  await told(acme, 'fails', 'Placed', 'True', 'Placed')
})

test('a spec changed again while the new copy fails is tried at once', async () => {
  await settle('hasty')
  await patchSpec(acme, thingRef('hasty'), largeAndFailing)
  await inState('hasty', 'Failed')
  await patchSpec(acme, thingRef('hasty'), { fail: null, value: 3 })
  await served(acme, 'hasty', beta)
  await expect.poll(() => secretOf(acme, 'hasty-secret')).toEqual({ from: 'beta/3' })
  await inState('hasty', 'CutoverCompleted', 1)
})

test('a move that a person cancels is rolled back and not asked for again, until the spec changes', async () => {
  const name = await beginMove('cancelled')
  expect((await told(acme, 'cancelled', 'Migrating', 'True', 'IncomingCopy')).message).toContain(
    `from ${alpha.cluster} to ${beta.cluster}`,
  )
  const ref = { ...Migration.resource, name }
  await landscape.platform.kube.mergePatch(ref, { spec: { cancel: true } }, { fieldManager: 'kubectl-patch' })
  await inState('cancelled', 'RolledBack')
  expect(await readyOf(name)).toMatchObject({
    reason: 'Cancelled',
    message: `cancelled; the object stays at ${alpha.cluster}`,
  })
  await gone(...copyAt(beta, acme, 'cancelled'))
  const { message } = await told(acme, 'cancelled', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(message).toContain(`got Migration ${name} was cancelled`)
  expect(await migrationsOf(landscape, acme, 'cancelled')).toHaveLength(1)
  expect((await read(acme, thingRef('cancelled')))?.status).toMatchObject({ status: 'Available', from: 'alpha' })
  await patchSpec(acme, thingRef('cancelled'), { pending: null })
  await served(acme, 'cancelled', beta)
})

test('a spec that is reverted during the move takes the move back', async () => {
  await beginMove('reverted')
  await patchSpec(acme, thingRef('reverted'), { size: 'small', pending: null, value: 4 })
  await inState('reverted', 'RolledBack')
  await gone(...copyAt(beta, acme, 'reverted'))
  await served(acme, 'reverted', alpha)
  expect((await read(...copyAt(alpha, acme, 'reverted')))?.spec['value']).toBe(4)
  await told(acme, 'reverted', 'Placed', 'True', 'Placed')
  await waitFor(
    'the condition Migrating is gone',
    async () => conditionOf(await read(acme, thingRef('reverted')), 'Migrating') === undefined,
  )
})

test('while an object moves a further change goes to the new copy only', async () => {
  await beginMove('further')
  await patchSpec(acme, thingRef('further'), { value: 5 })
  await waitFor('the incoming copy', async () => (await read(...copyAt(beta, acme, 'further')))?.spec['value'] === 5)
  expect((await read(...copyAt(alpha, acme, 'further')))?.spec).toEqual({ size: 'small', secret: true, value: 1 })
  await patchSpec(acme, thingRef('further'), { pending: null })
  await served(acme, 'further', beta)
  await gone(...copyAt(alpha, acme, 'further'))
})

test('an object deleted during its move leaves nothing at either provider', async () => {
  await beginMove('deleted')
  await acme.kube.delete(thingRef('deleted'))
  await gone(acme, thingRef('deleted'))
  expect(await read(...copyAt(alpha, acme, 'deleted'))).toBeUndefined()
  expect(await read(...copyAt(beta, acme, 'deleted'))).toBeUndefined()
  await gone(acme, secretRef('deleted-secret'))
  const name = await inState('deleted', 'Failed')
  expect(await readyOf(name)).toMatchObject({ reason: 'ObjectDeleted' })
})

test('a target that no longer accepts during the move has the move taken back, and gets it again when it accepts again', async () => {
  await beginMove('flaps')
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['other'] }] })
  await inState('flaps', 'RolledBack')
  await told(acme, 'flaps', 'Placed', 'True', 'ProviderNoLongerAccepts')
  await patchSpec(...copyAt(beta, acme, 'flaps'), {}).catch(() => undefined)
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await patchSpec(acme, thingRef('flaps'), { pending: null })
  await served(acme, 'flaps', beta)
})

/** Makes a MigrationConfiguration for moves of Things; it goes when what it answers is called. */
async function configure(stages: object[], rules: object = {}): Promise<() => Promise<void>> {
  const configuration = await configureMoves(landscape.platform, 'staged', { stages, ...rules })
  return async () => void (await landscape.platform.kube.delete(configuration))
}

/** Has all moves of Things wait before they begin, until what it answers is called. */
const holdMoves = () => configure([{ name: 'copy-data', preconditions: ['source.status.ready'] }])

/** The Migration of a Thing that waits for the MigrationConfiguration. */
async function held(name: string, why = 'ConfigurationInvalid'): Promise<string> {
  return await waitFor(`the Migration of ${name} is held`, async () => {
    const [migration] = await migrationsOf(landscape, acme, name)
    const reason = migration?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason
    return reason === why ? migration?.metadata.name : undefined
  })
}

test('a move goes through its stages, before the switch and after it, and leaves nothing at the compute cluster', async () => {
  const { platform } = landscape
  const secret = '${from.status.relatedResources.secret.name}'
  const letGo = await configure([
    {
      name: 'copy',
      preconditions: ['to.status.status == "Available"'],
      templates: report({ from: `from-${secret}` }),
      successConditions: ['has(report.data.rows)'],
      results: { rows: 'report.data.rows' },
      progress: true,
    },
    { name: 'freeze', templates: report({}), successConditions: ['has(report.data.frozen)'] },
    { name: 'verify', phase: 'Finalize', templates: report({}), successConditions: ['has(report.data.same)'] },
  ])
  await settle('staged')
  await patchSpec(acme, thingRef('staged'), { size: 'large', value: 6 })
  const name = await inState('staged', 'InitialInProgress')
  const { data } = (await reportOf(platform, name, 'copy')) as unknown as { data: { from: string } }
  expect(await secretOf(platform, data.from, name)).toEqual({ from: 'alpha/1' })
  await letGo() // the move goes by what it began with
  await tell(platform, name, { rows: '12' })
  await reportOf(platform, name, 'freeze')
  expect((await read(acme, thingRef('staged')))?.status).toMatchObject({ status: 'Available', from: 'alpha' })
  await tell(platform, name, { frozen: 'true' })
  await reportOf(platform, name, 'verify')
  await served(acme, 'staged', beta)
  expect(await read(...copyAt(alpha, acme, 'staged'))).toBeDefined()
  await tell(platform, name, { same: 'true' })
  await inState('staged', 'CutoverCompleted')
  await gone(platform, { group: '', version: 'v1', resource: 'namespaces', name })
  const ended = await waitFor('its finalizer is off', async () => {
    const [migration] = await migrationsOf(landscape, acme, 'staged')
    return migration?.metadata.finalizers?.length ? undefined : migration
  })
  const { stages, startTime, switchTime, downtime, unreadySince } = ended.status ?? {}
  expect([downtime, unreadySince]).toEqual(['0s', undefined])
  expect(stages?.map(({ name: stage, state, attempt }) => [stage, state, attempt])).toEqual([
    ['copy', 'Succeeded', 1],
    ['freeze', 'Succeeded', 1],
    ['verify', 'Succeeded', 1],
  ])
  expect(stages?.[0]?.results).toEqual({ rows: '12' })
  expect([startTime, switchTime]).not.toContain(undefined)
  const stagesDone = ['StageSucceeded', 'StageSucceeded', 'StageSucceeded']
  await toldOf('staged', ['Begun', 'Completed', 'Cutover', ...stagesDone], ['MoveBegun', 'Moved'])
})

test('a copy that is kept after the switch says so to its provider, is left alone, and serves again when the object asks for it', async () => {
  await settle('undone')
  const letGo = await configure([], { keepOutgoing: '1h' })
  const check = await neverAbsent(acme, 'undone-secret')
  const before = await read(...copyAt(alpha, acme, 'undone'))
  expect(before?.metadata.annotations).not.toHaveProperty([annotations.keptUntil])
  await patchSpec(acme, thingRef('undone'), { size: 'large', value: 2 })
  const kept = await waitFor('the old copy says that it is kept', async () => {
    const copy = await read(...copyAt(alpha, acme, 'undone'))
    return copy?.metadata.annotations?.[annotations.keptUntil] === undefined ? undefined : copy
  })
  await letGo() // what is kept stays so
  const [{ metadata: { name = '' } = {}, status } = {}] = await migrationsOf(landscape, acme, 'undone')
  const until = new Date(Date.parse(status?.switchTime ?? '') + 3_600_000).toISOString().replace('.000Z', 'Z')
  expect(kept.metadata.annotations?.[annotations.keptUntil]).toBe(until)
  expect(await readyOf(name)).toMatchObject({ reason: 'KeepingOutgoing' })
  await waitFor(
    'the condition Migrating is gone',
    async () => conditionOf(await read(acme, thingRef('undone')), 'Migrating') === undefined,
  )
  await patchSpec(acme, thingRef('undone'), { value: 3 })
  await expect.poll(() => secretOf(acme, 'undone-secret')).toEqual({ from: 'beta/3' })
  const after = await read(...copyAt(alpha, acme, 'undone'))
  expect([after?.spec, after?.metadata.uid]).toEqual([before?.spec, before?.metadata.uid])
  expect(after?.metadata.generation).toBe(before?.metadata.generation)

  await patchSpec(acme, thingRef('undone'), { size: 'small', value: 4 })
  await served(acme, 'undone', alpha)
  await expect.poll(() => secretOf(acme, 'undone-secret')).toEqual({ from: 'alpha/4' })
  await gone(...copyAt(beta, acme, 'undone'))
  check()
  const back = await read(...copyAt(alpha, acme, 'undone'))
  expect(back?.metadata.uid).toBe(before?.metadata.uid)
  expect(back?.metadata.annotations).not.toHaveProperty([annotations.keptUntil])
  expect(await readyOf(name)).toMatchObject({ status: 'True', reason: 'Undone' })
})

test('a MigrationConfiguration that cannot be used says what is wrong with it and holds the move, until it is mended', async () => {
  const { kube } = landscape.platform
  const ref = { ...MigrationConfiguration.resource, name: 'staged' }
  const readyAs = (reason: string) =>
    waitFor(`the configuration is ${reason}`, async () => {
      const { status, metadata } = MigrationConfiguration.of(await kube.get(ref))
      const ready = status?.conditions?.find((condition) => condition.type === 'Ready' && condition.reason === reason)
      return ready?.observedGeneration === metadata.generation ? ready : undefined
    })
  await settle('wrongly-staged')
  const letGo = await holdMoves()
  const { message } = await readyAs('Invalid')
  expect(message).toBe('stage copy-data, preconditions[0]: Unknown variable: source; the expression sees from, to')
  await patchSpec(acme, thingRef('wrongly-staged'), { size: 'large', value: 6 })
  expect((await readyOf(await held('wrongly-staged')))?.message).toContain(message)
  const { message: waits } = await told(acme, 'wrongly-staged', 'Synced', 'False', 'WaitingForMove')
  expect(waits).toBe(`generation 2 waits for the move from ${alpha.cluster} to ${beta.cluster} to begin`)
  expect(await read(...copyAt(beta, acme, 'wrongly-staged'))).toBeUndefined()
  expect((await read(acme, thingRef('wrongly-staged')))?.status).toMatchObject({ status: 'Available', from: 'alpha' })
  const preconditions = ['to.status.status == "Available"']
  await kube.mergePatch(ref, { spec: { stages: [{ name: 'copy-data', preconditions }] } })
  await readyAs('Valid')
  await served(acme, 'wrongly-staged', beta)
  await letGo()
})

test('moves that a limit is for run one at a time and the oldest first, those that want an approval once they have it', async () => {
  const names = ['turn-a', 'turn-b', 'turn-c']
  await Promise.all(names.map(settle))
  const letGo = await configure([], { paused: true, limits: { total: 1 } })
  for (const name of names) await patchSpec(acme, thingRef(name), { size: 'large' })
  for (const name of names) await held(name, 'Paused')
  const ref = { ...MigrationConfiguration.resource, name: 'staged' }
  await landscape.platform.kube.mergePatch(ref, { spec: { paused: false } })
  for (const name of names) await inState(name, 'CutoverCompleted')
  const moves = (await Promise.all(names.map((name) => migrationsOf(landscape, acme, name)))).flat()
  const ages = ({ metadata }: Migration) => `${metadata.creationTimestamp} ${metadata.name}`
  const inTurn = moves.toSorted((a, b) => (ages(a) < ages(b) ? -1 : 1)).map(({ status }) => status)
  for (const [i, status] of inTurn.slice(1).entries())
    expect(Date.parse(status?.startTime ?? '')).toBeGreaterThanOrEqual(Date.parse(inTurn[i]?.completionTime ?? ''))

  await settle('approved')
  await landscape.platform.kube.mergePatch(ref, { spec: { approval: 'BeforeStart' } })
  await patchSpec(acme, thingRef('approved'), { size: 'large' })
  const migration = await held('approved', 'AwaitingApproval')
  const approvals = [{ stage: 'start', by: 'ann' }]
  await landscape.platform.kube.mergePatch({ ...Migration.resource, name: migration }, { spec: { approvals } })
  await inState('approved', 'CutoverCompleted')
  await letGo()
})

test('a move that was taken back before it began is made all the same when the object asks for it again', async () => {
  await settle('wavers')
  const letGo = await holdMoves()
  await patchSpec(acme, thingRef('wavers'), { size: 'large' })
  await held('wavers')
  await patchSpec(acme, thingRef('wavers'), { size: 'small', value: 2 })
  await inState('wavers', 'RolledBack')
  await served(acme, 'wavers', alpha)
  await patchSpec(acme, thingRef('wavers'), { size: 'large', value: 3 })
  await letGo()
  await served(acme, 'wavers', beta)
  await gone(...copyAt(alpha, acme, 'wavers'))
  expect(await secretOf(acme, 'wavers-secret')).toEqual({ from: 'beta/3' })
})

test('what became of the move of a deleted object does not speak against the move of one that is made under its name', async () => {
  await beginMove('reborn')
  await release(acme, 'reborn')
  const ended = await inState('reborn', 'Failed')
  expect(await readyOf(ended)).toMatchObject({ reason: 'ObjectDeleted' })
  await settle('reborn')
  await patchSpec(acme, thingRef('reborn'), { size: 'large', value: 2 })
  await served(acme, 'reborn', beta)
  await gone(...copyAt(alpha, acme, 'reborn'))
  expect((await migrationsOf(landscape, acme, 'reborn')).map(({ metadata }) => metadata.name)).toContain(ended)
})

test('the change of an offer moves as many objects as may without an approval; the others wait for it, or until it is taken back', async () => {
  const { kube } = landscape.platform
  const medium = (...valueIn: string[]) => offer(alpha, 'medium', { filters: [{ key: 'size', valueIn }] })
  await medium('medium')
  await offer(beta, 'medium', { weight: 0, filters: [{ key: 'size', valueIn: ['medium'] }] })
  for (const site of [alpha, beta]) await offerCondition(site, 'medium', 'True', 'Indexed')
  const names = ['mass-a', 'mass-b', 'mass-c', 'mass-d']
  for (const name of names) await create(acme, thing(name, { size: 'medium', value: 1 }))
  for (const name of names) await served(acme, name, alpha)
  const movesIn = async (state: string) => {
    const moves = (await Promise.all(names.map((name) => migrationsOf(landscape, acme, name)))).flat()
    return moves.filter(({ status }) => status?.state === state)
  }
  const waitFor1And3 = (change: number, done: number) =>
    waitFor(`${done} moves are over, and the others of change ${change} wait`, async () => {
      const waiting = (await movesIn('Pending')).filter(({ spec }) => spec.cause?.generation === change)
      const [first] = waiting.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.message)
      return (await movesIn('CutoverCompleted')).length === done && waiting.length === 4 - done ? first : undefined
    })
  await medium('none')
  const command = `kubectl patch provider ${providerName(alpha.cluster)} --type merge -p '{"spec":{"approvedMoves":{"medium":2}}}'`
  expect(await waitFor1And3(2, 1)).toBe(
    `waits for an approval: AcceptAPI medium of ${alpha.cluster} (generation 2) has more than 1 object move: ${command}`,
  )
  const events = { group: '', version: 'v1', resource: 'events', namespace: 'default' }
  await waitFor('one Event counts them', async () => {
    const { items } = await kube.list<KubeObject>(events)
    const told = items.filter(({ reason }) => reason === 'MovesAwaitApproval')
    return told.length === 1 && told[0]?.['count'] === 4 ? told[0] : undefined
  })
  await medium('medium')
  await waitFor('what waits is taken back', async () => (await movesIn('RolledBack')).length === 3)
  await medium('none')
  await waitFor1And3(4, 2)
  const approvedMoves = { medium: 4 }
  await instruct(landscape.platform, alpha, { approvedMoves })
  for (const name of names) await served(acme, name, beta)
  await waitFor('all have moved', async () => (await movesIn('CutoverCompleted')).length === 4)
})

test('a Migration that ended stays as long as the broker was told to keep it, and the object stays where it is', async () => {
  await scene.restartBroker(['--keep-migrations', '2'])
  await settle('expires')
  await patchSpec(acme, thingRef('expires'), { size: 'large' })
  const name = await inState('expires', 'CutoverCompleted')
  const { completionTime = '' } = (await migrationsOf(landscape, acme, 'expires'))[0]?.status ?? {}
  await gone(landscape.platform, { ...Migration.resource, name })
  expect(Date.now() - Date.parse(completionTime)).toBeGreaterThanOrEqual(2_000)
  const object = await served(acme, 'expires', beta)
  expect(conditionOf(object, 'Placed')?.status).toBe('True')
})
