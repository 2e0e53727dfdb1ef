// npm run bench -- [--json FILE] [--check] [--dir DIR] [one] [five] [matching]
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AcceptAPI } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { benchMatching } from '../../packages/api/src/bench/match.ts'
import { type Landscape, ROOT, startLandscape } from '../support/landscape.ts'
import { THING, THING_KIND } from '../support/provider-controller.ts'
import { type Measured, measure, type Sizes } from './measure.ts'
import { brokerRows, detailLines, matchingRows, type Results, type Row, table } from './report.ts'
import { Stage } from './stage.ts'
import { type SubjectName, startProgram, startSubject, stopSubject } from './subject.ts'
import { SIZES } from './things.ts'

const SIZE: Sizes = { warmUp: 50, samples: 400, burst: 2_000, inFlight: 32 }
const OFFERS = [10, 100, 1_000, 10_000]
const SECTIONS = { one: 'one process', five: 'five processes', matching: undefined } as const satisfies Record<
  string,
  SubjectName | undefined
>
type Section = keyof typeof SECTIONS

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function bench(sections: Section[]): Promise<Results> {
  const matching = sections.includes('matching') ? benchMatching({ sizes: OFFERS }) : []
  const names = sections.flatMap((section) => SECTIONS[section] ?? [])
  if (names.length === 0) return { brokers: [], matching }
  const dir = await mkdtemp(join(tmpdir(), 'bench-'))
  const crds = [join(ROOT, 'test/support/thing-crd.yaml')]
  const landscape = await startLandscape({
    dir,
    consumers: ['consumer'],
    providers: ['alpha', 'beta'],
    consumerCrds: crds,
    providerCrds: crds,
    kinds: [THING_KIND],
    report: say,
  })
  try {
    await offer(landscape)
    const floor = await run(landscape, 'floor')
    const brokers = []
    for (const name of names) brokers.push({ name, measured: await run(landscape, name) })
    await rm(dir, { recursive: true, force: true })
    return { floor, brokers, matching }
  } finally {
    await landscape.stop()
  }
}

async function run(landscape: Landscape, name: SubjectName): Promise<Measured> {
  const actor = await startProgram(landscape, 'actor')
  const subject = await startSubject(landscape, name)
  if (name !== 'floor') await untilOffersAreReady(landscape)
  const stage = await Stage.open(landscape, subject, actor)
  say(
    `${name}: ${SIZE.samples} objects one after another, ${SIZE.samples} changes of status, then ${SIZE.burst} objects at once`,
  )
  const measured = await measure(stage, SIZE)
  await stage.clear()
  stage.close()
  await stopSubject(subject)
  await actor.stop()
  return measured
}

async function offer({ providers }: Landscape): Promise<void> {
  const { apiVersion, kind } = AcceptAPI
  for (const [i, provider] of Object.values(providers).entries()) {
    const spec = { gvr: THING, filters: [{ key: 'size', valueIn: [SIZES[i]] }] }
    await provider.client.apply({ apiVersion, kind, metadata: { name: 'things' }, spec })
  }
}

async function untilOffersAreReady({ providers }: Landscape): Promise<void> {
  type Offer = { status?: { conditions?: { type: string; status: string }[] } }
  for (const provider of Object.values(providers)) {
    await waitFor(`${provider.name}'s offer is ready`, async () => {
      const { status } = await provider.kube.get<Offer>({ ...AcceptAPI.resource, name: 'things' })
      return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    })
  }
}

function sectionsOf(given: string[]): Section[] {
  const all = Object.keys(SECTIONS) as Section[]
  const unknown = given.filter((name) => !(all as string[]).includes(name))
  if (unknown.length > 0) throw new Error(`no section ${unknown.join(', ')}; there are ${all.join(', ')}`)
  return given.length === 0 ? all : (given as Section[])
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, check: { type: 'boolean', default: false } },
})
const results = await bench(sectionsOf(positionals))
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: process.platform,
}
const { floor, brokers, matching } = results
const tables: { title: string; rows: Row[] }[] = [
  ...brokers.flatMap(({ name, measured }) =>
    floor === undefined ? [] : [{ title: `Broker, ${name}`, rows: brokerRows(measured, floor) }],
  ),
  ...(matching.length === 0 ? [] : [{ title: 'Matching, one core', rows: matchingRows(matching) }]),
]
say(`\n${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, Node ${machine.node}`)
for (const { title, rows } of tables) say(`\n${table(title, rows)}`)
if (floor !== undefined) say(`\nFloor\n${detailLines(floor).join('\n')}`)
for (const { name, measured } of brokers) say(`Broker, ${name}\n${detailLines(measured).join('\n')}`)
if (values.json !== undefined)
  await writeFile(
    values.json,
    JSON.stringify({ at: new Date().toISOString(), machine, sizes: SIZE, ...results, tables }, null, 2),
  )
const missed = tables.some(({ rows }) => rows.some(({ ok }) => ok === false))
process.exit(values.check && missed ? 1 : 0)
