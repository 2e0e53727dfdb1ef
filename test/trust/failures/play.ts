import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpRequest } from '@resource-broker/sandbox'
import pLimit from 'p-limit'
import { parse, stringify } from 'yaml'
import { startService } from '../../support/broker.ts'
import type { Injections } from '../../support/injections.ts'
import { type Landscape, ROOT, type Site, startWorkspaces } from '../../support/landscape.ts'
import { operate, THING_KIND } from '../../support/provider-controller.ts'
import { offer, offerCondition } from '../../support/things.ts'
import { ANSWERS, HOLDING } from './answers.ts'
import { namesOf, REQUESTS, type RequestKind, type Stage } from './requests.ts'
import { type Cell, readLog, type Told, toldOf } from './told.ts'
import { playWatches, type Watches } from './watches.ts'

/** What was told of each request with each answer. */
export type Failures = { cells: Map<RequestKind, Map<string, Told>>; watches: Watches }

const CRDS = ['test/support/thing-crd.yaml', 'test/e2e/fixtures/gadget-crd.yaml'].map((file) => join(ROOT, file))
/** Objects that are prepared at once. */
const AT_ONCE = 24

type Play = Stage & { injections: Injections; logFile: string }

/**
 * How long the cells that are played together are given: `read` answers what was told until now, of each request with each answer.
 * Resolves when they are to be taken as they are.
 */
export type Patience = (read: () => Promise<Failures['cells']>) => Promise<void>

/** Plays every request with every answer on a sandbox, and tells what people were told. */
export async function playFailures(patience: Patience): Promise<Failures> {
  const dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  const kinds = [THING_KIND, 'Gadget.v1.test.platform-mesh.io']
  const sites = { consumers: ['acme'], providers: ['alpha', 'beta'] }
  const landscape = await startWorkspaces({ dir, ...sites, kinds, consumerCrds: CRDS, providerCrds: CRDS })
  const site = (name: string) => ({ ...landscape.consumers, ...landscape.providers })[name] as Site
  const stage = { landscape, acme: site('acme'), alpha: site('alpha'), beta: site('beta') }
  const stops = await Promise.all([operate(stage.alpha), operate(stage.beta)])
  await asBroker(landscape)
  const broker = await startService(landscape, 'broker')
  try {
    await offer(stage.alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
    await offer(stage.beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
    await offerCondition(stage.alpha, 'small', 'True', 'Indexed')
    await offerCondition(stage.beta, 'large', 'True', 'Indexed')
    return await playAll(
      { ...stage, injections: landscape.injections as Injections, logFile: broker.logFile },
      patience,
    )
  } finally {
    for (const stop of stops) stop()
    await broker.stop()
    await landscape.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function playAll(play: Play, patience: Patience): Promise<Failures> {
  const cells: Failures['cells'] = new Map(REQUESTS.map((kind) => [kind, new Map()]))
  const quick = Object.keys(ANSWERS).filter((answer) => !HOLDING.includes(answer))
  for (const answers of [quick, ...HOLDING.map((answer) => [answer])]) {
    for (const [kind, told] of await playBatch(play, answers, patience))
      for (const [answer, each] of told) cells.get(kind)?.set(answer, each)
  }
  return { cells, watches: await playWatches({ ...play, isBroker }) }
}

async function playBatch(play: Play, answers: string[], patience: Patience): Promise<Failures['cells']> {
  const order = Object.keys(ANSWERS)
  const batch = REQUESTS.flatMap((kind, row) =>
    answers.map((answer): Cell => ({ kind, answer, name: `cell-${row}-${order.indexOf(answer)}-x` })),
  )
  const limit = pLimit(AT_ONCE)
  await Promise.all(batch.map(({ kind, name }) => limit(async () => kind.prepare?.(play, name))))
  const end = play.injections.add(injecting(batch))
  await Promise.all(batch.map(({ kind, name }) => limit(() => kind.trigger(play, name))))
  const read = async () => {
    const log = await readLog(play.logFile)
    const told = await Promise.all(batch.map((cell) => limit(() => toldOf(play, cell, log))))
    const cells: Failures['cells'] = new Map(REQUESTS.map((kind) => [kind, new Map()]))
    for (const [i, { kind, answer }] of batch.entries()) cells.get(kind)?.set(answer, told[i] as Told)
    return cells
  }
  await patience(read)
  const told = await read()
  end()
  return told
}

/** Which cell a request of the broker belongs to is seen from the names in it. */
function injecting(batch: Cell[]): Parameters<Injections['add']>[0] {
  const cells = new Map(batch.flatMap((cell) => namesOf(cell.kind, cell.name).map((name) => [name, cell])))
  return async (request) => {
    if (!isBroker(request)) return undefined
    const body = request.method === 'POST' ? (await request.body()).toString('utf8') : ''
    const found = `${request.path} ${body}`.match(NAMES)?.flatMap((name) => cells.get(name) ?? [])
    const [cell] = found ?? []
    return cell !== undefined && (await cell.kind.matches(request, cell.name)) ? ANSWERS[cell.answer] : undefined
  }
}

const NAMES = /cell-\d+-\d+-x|assignment-[0-9a-f]{32}/g
/** Of the sandbox's administrator; everybody else signs in by a certificate. */
const TOKEN = 'admin-token'

const isBroker = ({ headers }: HttpRequest): boolean => headers['authorization'] === `Bearer ${TOKEN}`

/** Has the broker sign in by a token, so that its requests are told from those of the tests. */
async function asBroker({ dir, flags, platform, consumers, providers }: Landscape): Promise<void> {
  const file = async (site: Site, path: string) => {
    const config = parse(await readFile(site.kubeconfig, 'utf8')) as { users: { user: object }[] }
    for (const user of config.users) user.user = { token: TOKEN }
    await rm(path, { force: true })
    await writeFile(path, stringify(config), { mode: 0o600 })
  }
  const own = join(dir, 'broker.kubeconfig')
  await file(platform, own)
  flags[flags.indexOf('--coordination-kubeconfig') + 1] = own
  for (const [folder, sites] of Object.entries({ consumers, providers }))
    for (const site of Object.values(sites))
      await file(site, join(dir, 'kubeconfigs', folder, `${site.name}.kubeconfig`))
}
