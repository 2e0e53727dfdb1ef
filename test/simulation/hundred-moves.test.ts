import { Migration, MigrationConfiguration, MigrationUsage } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { FailureWorld } from '../trust/failures/world.ts'

const MOVES = 100
/** How many may run at once. */
const MOST = 10
const nameOf = ({ plural, group }: { plural: string; group: string }) => `${plural}.${group}`
const CONFIGURATION = { resource: nameOf(MigrationConfiguration), name: 'things' }
const NAMES = Array.from({ length: MOVES }, (_, i) => `thing-${i}`)

/** Moves of Things wait until they are let go; then each goes through a stage of each phase, `MOST` of them at once. */
function configure(world: FailureWorld): void {
  const { apiVersion, kind } = MigrationConfiguration
  const gvk = { group: 'example.test', version: 'v1', kind: 'Thing' }
  const run = { apiVersion: 'batch/v1', kind: 'Job', spec: { value: '${from.spec.value}' } }
  const stages = ['Initial', 'Cutover', 'Finalize'].map((phase) => ({
    ...{ name: phase.toLowerCase(), phase, templates: { run }, successConditions: ['has(run.status.succeeded)'] },
  }))
  const spec = { from: gvk, to: gvk, stages, paused: true, limits: { total: MOST } }
  world.create('platform', CONFIGURATION, apiVersion, kind, { spec })
}

const migrationsOf = (world: FailureWorld) =>
  world.records(nameOf(Migration)).map((object) => object as unknown as Migration)

/** What was seen of the moves each time that the record of who runs changed. */
class Seen {
  /** Which got a place that was an older one's. */
  readonly outOfTurn: string[] = []
  readonly ended = new Map<string, Migration>()
  most = 0
  running = 0
  readonly #waiting: Set<string>
  #version: string | undefined

  /** `waiting`: the names of all, the oldest first. */
  constructor(waiting: readonly string[]) {
    this.#waiting = new Set(waiting)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  look(world: FailureWorld): void {
    const [usage] = world.records(nameOf(MigrationUsage))
    if (usage === undefined || usage.metadata.resourceVersion === this.#version) return
    this.#version = usage.metadata.resourceVersion
    const { claims = {} } = usage['spec'] as MigrationUsage['spec']
    const news = Object.keys(claims).filter((name) => this.#waiting.has(name))
    const room = MOST - (Object.keys(claims).length - news.length)
    const next = new Set([...this.#waiting].slice(0, room))
    this.outOfTurn.push(...news.filter((name) => !next.has(name)))
    for (const name of news) this.#waiting.delete(name)
    const migrations = migrationsOf(world)
    for (const each of migrations)
      if (each.status?.completionTime !== undefined) this.ended.set(each.metadata.name, each)
    const runs = ({ status }: Migration) => status?.startTime !== undefined && status.completionTime === undefined
    this.running = Object.keys(claims).length
    this.most = Math.max(this.most, this.running, migrations.filter(runs).length)
  }
}

test('of a hundred moves at once with three stages each never more run than may, the oldest first, and all end well', async () => {
  const world = new FailureWorld({ isStaged: true })
  try {
    await world.begin(undefined)
    configure(world)
    for (const [value, name] of NAMES.entries()) world.make({ value }, name)
    const isServed = (object: object) => (object as { status?: { status?: string } }).status?.status === 'Available'
    await world.until(() => world.all('acme', 'things.example.test').filter(isServed).length === MOVES)
    for (const name of NAMES) world.change({ size: 'large' }, name)
    await world.until(() => migrationsOf(world).filter(({ status }) => status?.state === 'Pending').length === MOVES)
    const ages = migrationsOf(world).map(({ metadata: { name, creationTimestamp } }) => `${creationTimestamp}/${name}`)
    const seen = new Seen(ages.sort().map((age) => age.split('/')[1] ?? ''))
    world.follow(() => seen.look(world))
    world.patch('platform', CONFIGURATION, { spec: { paused: false } })
    for (const left of [75, 50, 25, 0]) await world.until(() => seen.waiting <= left)
    await world.until(() => seen.running === 0)

    expect(seen.most).toBe(MOST)
    expect(seen.outOfTurn).toEqual([])
    const ends = [...seen.ended.values()].map(({ status }) => [
      status?.state,
      ...(status?.stages ?? []).map(({ name, state, attempt }) => `${name} ${state} ${attempt}`),
    ])
    const well = ['CutoverCompleted', 'initial Succeeded 1', 'cutover Succeeded 1', 'finalize Succeeded 1']
    expect(ends).toHaveLength(MOVES)
    expect(new Set(ends.map(String))).toEqual(new Set([String(well)]))
    await world.until(() => world.all('compute', 'namespaces').length === 0)
    expect(world.all('compute', 'jobs.batch')).toEqual([])
    expect(world.all('alpha', 'things.example.test')).toEqual([])
    expect(world.all('beta', 'things.example.test')).toHaveLength(MOVES)
  } finally {
    world.end()
  }
})
