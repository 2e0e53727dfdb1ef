import { type Row, row } from '../rows.ts'
import { combine, type Footprint, type ScaleFigures, type Step } from './scale.ts'

/** What the issue of kcp mode asks for, beside what was measured. */
export function scaleRows({ sizes, firstObject, tenth, rest, floor, footprints }: ScaleFigures): Row[] {
  const all: Step = {
    objects: tenth.objects + rest.objects,
    placed: tenth.placed + rest.placed,
    answered: tenth.answered + rest.answered,
    cpuMs: combine(tenth.cpuMs, rest.cpuMs, (a, b) => a + b),
  }
  const perSecond = all.objects / all.placed
  const beside = (what: string, unit: string, of: (step: Step) => number, digits: number): Row => ({
    ...row(what, `${of(all).toFixed(digits)} ${unit}`),
    floor: `${of(floor).toFixed(digits)} ${unit}`,
    ratio: (of(all) / of(floor)).toFixed(2),
  })
  const growth = all.placed / all.objects / (tenth.placed / tenth.objects)
  const median = firstObject[Math.floor(firstObject.length / 2)] ?? Number.NaN
  const cpu =
    (who: keyof Step['cpuMs']) =>
    ({ cpuMs, objects }: Step): number =>
      cpuMs[who] / objects
  return [
    {
      ...beside(
        `placed, ${count(sizes.consumers)} consumers, ${count(all.objects)} objects`,
        '/s',
        ({ objects, placed }) => objects / placed,
        0,
      ),
      ...{ wanted: '>= 300 /s', ok: perSecond >= 300 },
    },
    beside('answered at the consumer', '/s', ({ objects, answered }) => objects / answered, 0),
    {
      ...row("a new workspace's first object, p50", `${median.toFixed(0)} ms`),
      ...{ wanted: '<= 500 ms', ok: median <= 500 },
    },
    {
      ...row(`time per object, beside that of the first ${count(tenth.objects)}`, growth.toFixed(2)),
      ...{ wanted: '<= 1.3', ok: growth <= 1.3 },
    },
    beside('CPU of the broker per placement', 'ms', cpu('broker'), 1),
    row('CPU of nats-server per placement', `${cpu('nats')(all).toFixed(1)} ms`),
    beside('CPU of the sandbox per placement', 'ms', cpu('sandbox'), 1),
    beside('CPU of providers and bench per placement', 'ms', cpu('bench'), 1),
    ...footprints.map(({ consumers, memory }) =>
      row(`memory with ${count(consumers)} consumers, RSS`, `${memory.rssMiB.toFixed(0)} MiB`),
    ),
    ...growthRows('watches', footprints, ({ watches }) => watches),
    ...growthRows('connections', footprints, ({ sockets }) => sockets),
  ]
}

/** The last is judged beside the one before: by then each provider has copies on each shard, as a rule. */
function growthRows(what: string, footprints: ScaleFigures['footprints'], of: (each: Footprint) => number): Row[] {
  return footprints.map((each, i) => {
    const plain = row(`${what} with ${count(each.consumers)} consumers`, String(of(each)))
    const before = footprints[i - 1]
    if (before === undefined || i < footprints.length - 1) return plain
    const ratio = of(each) / of(before)
    return { ...plain, ratio: ratio.toFixed(2), wanted: '<= 1.1', ok: ratio <= 1.1 }
  })
}

const count = (n: number): string => n.toLocaleString('en')
