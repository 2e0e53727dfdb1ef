import type { SandboxFigures } from './sandbox.ts'

export type SandboxRow = { what: string; measured: string; yardstick: string; wanted: string; ok?: boolean }

/** Rows of each sandbox beside the real API server, and whether what was wanted was reached. */
export function sandboxTables(figures: readonly SandboxFigures[]): { title: string; rows: SandboxRow[] }[] {
  const yardstick = figures.find(({ starts }) => starts === undefined)
  return figures.flatMap((each) =>
    each.starts === undefined ? [] : [{ title: each.subject, rows: rows(each, yardstick) }],
  )
}

function rows(of: SandboxFigures, beside: SandboxFigures | undefined): SandboxRow[] {
  const row = (what: string, text: (figures: SandboxFigures) => string, wanted = '', ok?: boolean): SandboxRow => ({
    what,
    measured: text(of),
    yardstick: beside === undefined ? '' : text(beside),
    wanted,
    ...(ok !== undefined && { ok }),
  })
  const ms = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(2)} ms`)
  const { busy, alone, memory, starts } = of
  return [
    row('creates, 32 connections', (f) => `${f.busy.perSecond.toFixed(0)} /s`, '>= 3000 /s', busy.perSecond >= 3_000),
    row('cores that the server had', (f) => f.busy.cores.toFixed(2)),
    row('answer, p50', (f) => ms(f.busy.answerMs.p50)),
    row('event, p50', (f) => ms(f.alone.eventMs?.p50), '< 2 ms', (alone.eventMs?.p50 ?? Number.NaN) < 2),
    row('event, p99', (f) => ms(f.alone.eventMs?.p99)),
    row('event under load, p50', (f) => ms(f.busy.eventMs?.p50)),
    row(
      `memory, ${memory.objects} objects of 2 KB`,
      (f) => `${f.memory.afterMiB.toFixed(0)} MiB`,
      '< 700 MiB',
      memory.afterMiB < 700,
    ),
    row('first start', (f) => ms(f.starts?.readyMs), '< 2 s', (starts?.readyMs ?? Number.NaN) < 2_000),
    row('second start', (f) => ms(f.starts?.secondMs), '< 20 ms', (starts?.secondMs ?? Number.NaN) < 20),
  ]
}
