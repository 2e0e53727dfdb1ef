import { combine, type Footprint, type ScaleFigures, type Step } from './scale.ts'

type Row = { what: string; measured: string; floor: string; ratio: string; wanted: string; ok?: boolean }

/** What the issue of kcp mode asks for, beside what was measured. */
export function scaleRows({ sizes, firstObject, tenth, rest, footprints }: ScaleFigures): Row[] {
  const all: Step = {
    objects: tenth.objects + rest.objects,
    placed: tenth.placed + rest.placed,
    answered: tenth.answered + rest.answered,
    cpuMs: combine(tenth.cpuMs, rest.cpuMs, (a, b) => a + b),
  }
  const perSecond = all.objects / all.placed
  const growth = all.placed / all.objects / (tenth.placed / tenth.objects)
  const median = firstObject[Math.floor(firstObject.length / 2)] ?? Number.NaN
  const cpu = (ms: number): string => `${(ms / all.objects).toFixed(1)} ms`
  return [
    {
      ...row(
        `placed, ${count(sizes.consumers)} consumers, ${count(all.objects)} objects`,
        `${perSecond.toFixed(0)} /s`,
      ),
      ...{ wanted: '>= 300 /s', ok: perSecond >= 300 },
    },
    row('answered at the consumer', `${(all.objects / all.answered).toFixed(0)} /s`),
    {
      ...row("a new workspace's first object, p50", `${median.toFixed(0)} ms`),
      ...{ wanted: '<= 500 ms', ok: median <= 500 },
    },
    {
      ...row(`time per object, beside that of the first ${count(tenth.objects)}`, growth.toFixed(2)),
      ...{ wanted: '<= 1.3', ok: growth <= 1.3 },
    },
    row('CPU of the broker per placement', cpu(all.cpuMs.broker)),
    row('CPU of nats-server per placement', cpu(all.cpuMs.nats)),
    row('CPU of the sandbox per placement', cpu(all.cpuMs.sandbox)),
    row('CPU of providers and bench per placement', cpu(all.cpuMs.bench)),
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

const row = (what: string, measured: string): Row => ({ what, measured, floor: '', ratio: '', wanted: '' })
