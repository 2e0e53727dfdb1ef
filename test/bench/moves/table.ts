import { countRow, type Row, ratioRow, row } from '../rows.ts'
import type { Mode, MovesMeasured } from './measure-moves.ts'
import type { MovesRun } from './run-moves.ts'

/** Each broker's moves beside the floor's, plain and through stages. */
export function moveTables(runs: MovesRun[]): { title: string; rows: Row[] }[] {
  const floor = runs.find(({ name }) => name === 'floor')?.modes
  if (floor === undefined) return []
  return runs
    .filter(({ name }) => name !== 'floor')
    .flatMap(({ name, modes }) =>
      (['plain', 'staged'] as const).map((mode: Mode) => ({
        title: `Moves, ${name}, ${mode === 'plain' ? 'plain' : 'through three stages'}`,
        rows: moveRows(modes[mode], floor[mode]),
      })),
    )
}

function moveRows(measured: MovesMeasured, floor: MovesMeasured): Row[] {
  const ms = (what: string, of: (m: MovesMeasured) => number): Row => ratioRow(what, 'ms', of(measured), of(floor))
  const rate = (what: string, of: (m: MovesMeasured) => number): Row =>
    ratioRow(what, '/s', measured.moves / of(measured), floor.moves / of(floor))
  const { traffic, cpuMs } = measured
  const services = Object.entries(cpuMs.each)
  return [
    rate(`${measured.moves} moves, the last old copy gone`, (m) => m.seconds.gone),
    rate('nothing left to do', (m) => m.seconds.ended),
    ms('CPU of the broker per move', (m) => m.cpuMs.subject),
    ...(services.length < 2 ? [] : services.map(([name, each]) => row(`CPU of ${name}`, `${each.toFixed(1)} ms`))),
    ms('CPU of nats-server per move', (m) => m.cpuMs.nats),
    ms('CPU of API servers per move', (m) => m.cpuMs.servers),
    countRow('writes per move', traffic.writes, floor.traffic.writes),
    countRow('reads per move', traffic.reads, floor.traffic.reads),
  ]
}
