import { waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { neverAbsent } from '../support/never-absent.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  conditionOf,
  configureMoves,
  copyAt,
  create,
  gone,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  read,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await offerCondition(alpha, 'small', 'True', 'Indexed')
  await offerCondition(beta, 'large', 'True', 'Indexed')
})

const configured: Awaited<ReturnType<typeof configureMoves>>[] = []
afterEach(async () => {
  for (const ref of configured.splice(0)) await landscape.platform.kube.delete(ref)
})

afterAll(() => scene?.stop())

/** Has moves go through these stages; the broker has told how the configuration stands. */
async function configure(name: string, stages: object[], reason: string): Promise<string | undefined> {
  const ref = await configureMoves(landscape.platform, name, { stages })
  configured.push(ref)
  const said = await waitFor(`MigrationConfiguration ${name} is ${reason}`, async () => {
    const condition = conditionOf(await read(landscape.platform, ref), 'Ready')
    return condition?.reason === reason ? condition : undefined
  })
  return said.message
}

/** Waits until the one move of a Thing stands for this reason; answers its message. */
const moveIs = (name: string, reason: string): Promise<string> =>
  waitFor(`the move of ${name} is ${reason}`, async () => {
    const [move] = await migrationsOf(landscape, acme, name)
    const said = move?.status?.conditions?.find((condition) => condition.type === 'Ready')
    return said?.reason === reason ? said.message : undefined
  })

test('without a compute cluster moves go through stages that deploy nothing, and meanwhile the consumer reads what the old copy says', async () => {
  const isLet = `has(to.metadata.annotations) && 'go' in to.metadata.annotations`
  await configure('waits', [{ name: 'word', preconditions: [isLet] }], 'Valid')
  await create(acme, thing('staged', { size: 'small', secret: true, value: 1 }))
  await served(acme, 'staged', alpha)
  const neverGone = await neverAbsent(acme, 'staged-secret')
  await patchSpec(acme, thingRef('staged'), { size: 'large' })
  await moveIs('staged', 'StageWaits')
  const [at, old] = copyAt(alpha, acme, 'staged')
  await at.kube.mergePatch(old, { status: { note: 'said during the stage' } }, { subresource: 'status' })
  await waitFor('the consumer reads it', async () => {
    const { status } = (await read(acme, thingRef('staged'))) ?? {}
    return (status as { note?: string } | undefined)?.note === 'said during the stage'
  })
  const [there, incoming] = copyAt(beta, acme, 'staged')
  await waitFor('the new copy is there', () => read(there, incoming))
  await there.kube.mergePatch(incoming, { metadata: { annotations: { go: '' } } })
  await served(acme, 'staged', beta)
  await gone(at, old)
  neverGone()
  const [move] = await migrationsOf(landscape, acme, 'staged')
  expect(move?.status?.stages).toMatchObject([{ name: 'word', state: 'Succeeded', attempt: 1 }])
})

test('without a compute cluster a configuration with templates says so, and a move that it concerns waits until that is mended', async () => {
  const templates = { dump: { apiVersion: 'batch/v1', kind: 'Job', spec: {} } }
  expect(await configure('deploys', [{ name: 'dump', templates }], 'NoComputeCluster')).toBe(
    'it has templates, and the broker has no compute cluster for them (--compute-kubeconfig): moves between these kinds wait',
  )
  await create(acme, thing('held', { size: 'small' }))
  await served(acme, 'held', alpha)
  await patchSpec(acme, thingRef('held'), { size: 'large' })
  const message = await moveIs('held', 'NoComputeCluster')
  expect(message).toContain('MigrationConfiguration deploys has templates')
  await told(acme, 'held', 'Synced', 'False', 'WaitingForMove')
  await landscape.platform.kube.mergePatch(configured[0] as never, { spec: { stages: [] } })
  await served(acme, 'held', beta)
})
