import type { ScaleFigures, Step } from './scale.ts'

type Row = { what: string; measured: string; floor: string; ratio: string; wanted: string; ok?: boolean }

/** What the issue of kcp mode asks for, beside what was measured. */
export function scaleRows({ sizes, firstObject, tenth, rest, few, many }: ScaleFigures): Row[] {
  const all: Step = {
    objects: tenth.objects + rest.objects,
    placed: tenth.placed + rest.placed,
    answered: tenth.answered + rest.answered,
    brokerCpuMs: tenth.brokerCpuMs + rest.brokerCpuMs,
    restCpuMs: tenth.restCpuMs + rest.restCpuMs,
  }
  const perSecond = all.objects / all.placed
  const growth = all.placed / all.objects / (tenth.placed / tenth.objects)
  const median = firstObject[Math.floor(firstObject.length / 2)] ?? Number.NaN
  const connections = many.sockets / few.sockets
  const count = (n: number): string => n.toLocaleString('en')
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
    row('CPU of the broker per placement', `${(all.brokerCpuMs / all.objects).toFixed(1)} ms`),
    row('CPU of sandbox, providers and bench per placement', `${(all.restCpuMs / all.objects).toFixed(1)} ms`),
    row(`memory with ${count(few.consumers)} consumers, RSS`, `${few.memory.rssMiB.toFixed(0)} MiB`),
    row(`memory with ${count(many.consumers)} consumers, RSS`, `${many.memory.rssMiB.toFixed(0)} MiB`),
    row(`connections with ${count(few.consumers)} consumers`, String(few.sockets)),
    {
      ...row(`connections with ${count(many.consumers)} consumers`, String(many.sockets)),
      ...{ ratio: connections.toFixed(2), wanted: '<= 1.1', ok: connections <= 1.1 },
    },
  ]
}

const row = (what: string, measured: string): Row => ({ what, measured, floor: '', ratio: '', wanted: '' })
