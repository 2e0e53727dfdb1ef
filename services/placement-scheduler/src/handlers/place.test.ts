import { annotations, finalizer, keyOf, OfferIndex } from '@resource-broker/api'
import type { KubeObject, Publication } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, consumerOf, migration, platformOf, ref, source, viewOf } from '../fixtures.ts'
import { place } from './place.ts'

const OWN = keyOf(ref)
const guarded = { finalizers: [finalizer], annotations: { [annotations.providerCluster]: 'alpha' } }

/** A scheduler that knows of no offer, and what it writes. */
function schedulerWith(...records: KubeObject[]) {
  const platform = platformOf(...records)
  const events = platformOf()
  const published: Publication[] = []
  const context = {
    bus: { publish: async (publication: Publication) => published.push(publication) },
    clusters: {
      coordination: platform.client,
      consumers: { client: () => events.client, describe: consumerOf },
      providers: { isGone: () => true },
    },
    offers: { index: new OfferIndex(), isKnown: () => true },
    capacity: { usageBy: () => () => 0 },
    logger: { info: () => undefined },
    now: () => new Date(0),
  } as unknown as SchedulerContext
  return { context, platform, published }
}

const run = (key: string, view: ReturnType<typeof viewOf>) => ({ key, view, attempt: 1 }) as Parameters<typeof place>[1]

test('nothing is placed under a key that is not the object’s own: it is about to be told of under that', async () => {
  const { context, published } = schedulerWith()
  const view = viewOf({ source: { ref, object: source() } })
  expect(await place(context, run('0'.repeat(32), view))).toEqual({ done: true })
  expect([published, view.get('assignment')]).toEqual([[], undefined])
})

test.each([
  { what: 'such a key', key: '0'.repeat(32) },
  { what: 'its own', key: OWN },
])(
  'an object that is placed under $what stays so, and its Assignment follows the version in which it is read',
  async ({ key }) => {
    const placed = assignment()
    const { context, platform } = schedulerWith(placed.object as KubeObject)
    const moved = { ...ref, gvr: { ...ref.gvr, version: 'v2' } }
    const view = viewOf({ source: { ref: moved, object: source(guarded) }, assignment: placed })
    await place(context, run(key, view))
    expect(platform.held.get(placed.name)?.['spec']).toMatchObject({ gvr: moved.gvr, providerCluster: 'alpha' })
    expect(view.get('decision')).toMatchObject({ provider: null })
  },
)

test.each(['alpha', 'beta'])(
  'a move to a provider that takes the object no more is cancelled, also once it is there: the object is at %s',
  async (at) => {
    const [placed, moving] = [assignment({ at }), migration({ to: 'beta', state: 'CutoverInProgress' })]
    const { context, platform } = schedulerWith(placed.object as KubeObject, moving.object as KubeObject)
    const object = source({ ...guarded, annotations: { [annotations.providerCluster]: at } })
    const view = viewOf({ source: { ref, object }, assignment: placed, 'migration/migration-1': moving })
    await place(context, run(OWN, view))
    expect(platform.held.get('migration-1')?.['spec']).toMatchObject({ cancel: true })
    expect(view.get('decision')).toMatchObject({ provider: null })
  },
)
