import type { DecisionFigure } from '../../packages/api/src/bench/decide.ts'
import type { MatchFigure } from '../../packages/api/src/bench/match.ts'
import type { SandboxFigures } from '../../packages/sandbox/src/bench/sandbox.ts'
import { sandboxTables } from '../../packages/sandbox/src/bench/table.ts'
import type { ScaleFigures } from './kcp/scale.ts'
import { scaleRows } from './kcp/table.ts'
import type { Measured } from './measure.ts'
import type { MessageCount } from './messages.ts'
import type { MovesRun } from './moves/run-moves.ts'
import { moveTables } from './moves/table.ts'
import type { Traffic } from './requests.ts'
import { countRow, type Limit, type Row, ratioRow, round, row } from './rows.ts'
import type { Run } from './run.ts'

export type Results = {
  machine: { cores: number; cpu: string; memoryGiB: number; node: string }
  runs: Run[]
  moves: MovesRun[]
  matching: MatchFigure[]
  decisions: DecisionFigure[]
  sandboxes: SandboxFigures[]
  scale: ScaleFigures[]
}

const HEAD = { what: '', measured: 'measured', floor: 'floor', ratio: 'ratio', wanted: 'wanted', ok: '' }
const MOST_US_PER_MATCH = 50
const MOST_US_PER_DECISION = 50
const MOST_OFFERS = 10_000

/** What `npm run broker` runs. */
const HEADLINE = 'one process'
/** CPU share of others on the machine above which the figures say more about them. */
const MOST_OTHERS = 0.05

export type Table = { title: string; rows: Row[]; isHeadline: boolean }

/** The broker as its users run it comes first; only that and matching are judged by `missed`. */
export function tablesOf({ runs, moves, matching, decisions, sandboxes, scale }: Results): Table[] {
  const floor = runs.find(({ name }) => name === 'floor')?.measured
  const brokers = runs.filter(({ name }) => name !== 'floor')
  return [
    ...brokers.map(({ name, measured }) => ({
      title: `Broker, ${name}`,
      rows: brokerRows(measured, floor as Measured),
      isHeadline: name === HEADLINE,
    })),
    ...moveTables(moves).map((each) => ({ ...each, isHeadline: false })),
    ...sandboxTables(sandboxes).map(({ title, rows }) => ({
      title: `Sandbox (floor: kube-apiserver and etcd), ${title}`,
      rows: rows.map(({ yardstick, ...row }) => ({ ...row, floor: yardstick })),
      isHeadline: true,
    })),
    ...scale.map((figures) => ({ title: 'kcp, two shards, one process', rows: scaleRows(figures), isHeadline: true })),
    ...(matching.length === 0 ? [] : [{ title: 'Matching, CPU', rows: matchingRows(matching), isHeadline: true }]),
    ...(decisions.length === 0 ? [] : [{ title: 'Deciding, CPU', rows: decisionRows(decisions), isHeadline: true }]),
  ]
}

export function missed(tables: Table[]): boolean {
  return tables.some(({ rows, isHeadline }) => isHeadline && rows.some(({ ok }) => ok === false))
}

/** Everything as text. */
export function report({ machine, runs, moves }: Results, tables: Table[]): string {
  const all = [
    ...runs.map(({ name, measured }) => ({ name: name as string, othersShare: measured.othersShare })),
    ...moves.flatMap(({ name, modes }) =>
      Object.entries(modes).map(([mode, { othersShare }]) => ({ name: `${name}, ${mode} moves,`, othersShare })),
    ),
  ]
  const disturbed = all.filter(({ othersShare }) => othersShare > MOST_OTHERS)
  const warning = disturbed.map(
    ({ name, othersShare }) =>
      `NOT ALONE: others had ${percent(othersShare)} of the CPU time while ${name} was measured`,
  )
  return [
    '',
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, Node ${machine.node}`,
    ...warning,
    ...tables.flatMap(({ title, rows }) => ['', table(title, rows)]),
    '',
    ...runs.flatMap(({ name, measured }) => [name, ...detailLines(measured)]),
    ...moves.flatMap(({ name, modes }) => [
      `${name}, moves`,
      ...Object.entries(modes).flatMap(([mode, { traffic, messages, othersShare }]) => [
        ...causeLines(mode, traffic, messages),
        othersLine(othersShare),
      ]),
    ]),
  ].join('\n')
}

/** Each broker's figures against the floor and against what is wanted. */
function brokerRows(measured: Measured, floor: Measured): Row[] {
  const ms = (what: string, of: (m: Measured) => number, limit?: Limit): Row =>
    ratioRow(what, 'ms', of(measured), of(floor), limit)
  const { burst, traffic, memory } = measured
  const isStatus = ({ resource, server }: { resource: string; server: string }): boolean =>
    server === 'consumer' && resource.endsWith('/status')
  const writes = (of: Measured['traffic']['placement']): number =>
    of.requests.filter((each) => isWrite(each.verb) && !isStatus(each)).reduce((sum, { count }) => sum + count, 0)
  const firstStatus = (of: Measured['traffic']['placement']): number =>
    of.requests.filter(isStatus).reduce((sum, { count }) => sum + count, 0)
  return [
    ms('create to copy, p50', (m) => m.create.p50, { most: 3 }),
    ms('create to copy, p99', (m) => m.create.p99, { most: 3 }),
    ms('copy to first status, p50', (m) => m.firstStatus.p50),
    ms('copy to first status, p99', (m) => m.firstStatus.p99),
    ms('status change, p50', (m) => m.status.p50, { most: 2 }),
    ms('status change, p99', (m) => m.status.p99),
    ms('status change after its answer, p50', (m) => m.statusAfterAnswer.p50),
    ratioRow(`burst of ${burst.objects}`, '/s', burst.perSecond, floor.burst.perSecond, { least: 0.5 }),
    ms('CPU of the broker per placement', (m) => m.burst.cpuMs.subject),
    ms('CPU of nats-server per placement', (m) => m.burst.cpuMs.nats),
    ms('CPU of API servers per placement', (m) => m.burst.cpuMs.servers),
    countRow('writes per placement', writes(traffic.placement), writes(floor.traffic.placement), 3),
    countRow('writes per placement in the burst', writes(traffic.burst), writes(floor.traffic.burst), 3),
    countRow('status writes per placement', firstStatus(traffic.placement), firstStatus(floor.traffic.placement), 1),
    countRow(
      'status writes per placement in the burst',
      firstStatus(traffic.burst),
      firstStatus(floor.traffic.burst),
      1,
    ),
    countRow('reads per placement', traffic.placement.reads, floor.traffic.placement.reads, 0),
    countRow('reads per placement in the burst', traffic.burst.reads, floor.traffic.burst.reads, 0),
    countRow('writes per status change', traffic.status.writes, floor.traffic.status.writes, 1),
    countRow('reads per status change', traffic.status.reads, floor.traffic.status.reads, 0),
    row('memory, RSS', `${memory.full.rssMiB.toFixed(0)} MiB`, `${floor.memory.full.rssMiB.toFixed(0)} MiB`),
    {
      ...row('memory, PSS', `${memory.full.pssMiB.toFixed(0)} MiB`, `${floor.memory.full.pssMiB.toFixed(0)} MiB`),
      wanted: '< 600 MiB',
      ok: memory.full.pssMiB < 600,
    },
  ]
}

function matchingRows(figures: MatchFigure[]): Row[] {
  return figures.map(({ shape, offers, usPerMatch }) => {
    const least = figures.find((each) => each.shape === shape)?.usPerMatch ?? usPerMatch
    const found = {
      ...row(`${shape}, ${offers.toLocaleString('en')} offers`, `${usPerMatch.toFixed(2)} µs`),
      ratio: (usPerMatch / least).toFixed(2),
    }
    return offers === MOST_OFFERS
      ? { ...found, wanted: `< ${MOST_US_PER_MATCH} µs`, ok: usPerMatch < MOST_US_PER_MATCH }
      : found
  })
}

function decisionRows(figures: DecisionFigure[]): Row[] {
  return figures.map(({ offers, providers, policies, accepting, usPerDecision }) => {
    const [of, at] = [offers.toLocaleString('en'), providers.toLocaleString('en')]
    const what = `${accepting.toLocaleString('en')} of ${of} offers at ${at} providers accept, ${policies} policies`
    const found = row(what, `${usPerDecision.toFixed(1)} µs`)
    return offers === MOST_OFFERS
      ? { ...found, wanted: `< ${MOST_US_PER_DECISION} µs`, ok: usPerDecision < MOST_US_PER_DECISION }
      : found
  })
}

/** What one object causes, and what the processes take. */
function detailLines({ traffic, messages, memory, othersShare }: Measured): string[] {
  const phases = Object.keys(traffic) as (keyof typeof traffic)[]
  const { idle, full, processes } = memory
  const memoryLine = `  memory of ${processes} process(es), MiB: RSS ${idle.rssMiB.toFixed(0)} idle, ${full.rssMiB.toFixed(0)} full, ${full.peakRssMiB.toFixed(0)} at most`
  return [
    ...phases.flatMap((phase) => causeLines(phase, traffic[phase], messages?.[phase])),
    memoryLine,
    othersLine(othersShare),
  ]
}

/** Requests by server and verb, and messages, for people who look for the one too many. */
function causeLines(phase: string, { requests }: Traffic, messages: MessageCount | undefined): string[] {
  const all = requests.map(({ server, verb, resource, count }) => `${server} ${verb} ${resource} ${round(count)}`)
  const asked = `  requests per object, ${phase}: ${all.join('; ') || 'none'}`
  if (messages === undefined) return [asked]
  const each = Object.entries(messages.delivered).filter(([, count]) => count > 0)
  const total = each.reduce((sum, [, count]) => sum + count, 0)
  const services = each.map(([service, count]) => `${service} ${round(count)}`).join(', ')
  const told = `  messages per object, ${phase}: ${round(messages.stored)} stored, ${round(total)} delivered (${services})`
  return [asked, told]
}

function table(title: string, rows: Row[]): string {
  const cells = [HEAD, ...rows.map((each) => ({ ...each, ok: each.ok === undefined ? '' : each.ok ? 'yes' : 'NO' }))]
  const columns = ['what', 'measured', 'floor', 'ratio', 'wanted', 'ok'] as const
  const widths = columns.map((column) => Math.max(...cells.map((each) => each[column].length)))
  const lines = cells.map((each) =>
    columns
      .map((column, i) => (i === 0 ? each[column].padEnd(widths[i] ?? 0) : each[column].padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...lines].join('\n')
}

const isWrite = (verb: string): boolean => verb !== 'GET' && verb !== 'LIST'
const othersLine = (share: number): string => `  CPU that others on the machine had meanwhile: ${percent(share)}`
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
