import type { SandboxFigures } from './sandbox.ts'

/** `ratio` is empty where the real API server has no such figure. */
export type SandboxRow = {
  what: string
  measured: string
  yardstick: string
  ratio: string
  wanted: string
  ok?: boolean
}

type Limit = { most: number } | { least: number }

/** Rows of each sandbox beside the real API server, and whether what was wanted was reached. */
export function sandboxTables(figures: readonly SandboxFigures[]): { title: string; rows: SandboxRow[] }[] {
  const yardstick = figures.find(({ starts }) => starts === undefined)
  return figures.flatMap((each) =>
    each.starts === undefined ? [] : [{ title: each.subject, rows: rows(each, yardstick) }],
  )
}

function rows(of: SandboxFigures, beside: SandboxFigures | undefined): SandboxRow[] {
  const row = (what: string, unit: string, value: (f: SandboxFigures) => number | undefined, limit?: Limit) =>
    rowOf(what, unit, value(of), beside && value(beside), limit)
  const ms = (what: string, value: (f: SandboxFigures) => number | undefined, most?: number) =>
    row(what, 'ms', value, most === undefined ? undefined : { most })
  return [
    row('creates, 32 connections', '/s', (f) => f.busy.perSecond, { least: 3_000 }),
    row('cores that the server had', '', (f) => f.busy.cores),
    ms('CPU of the server per create', (f) => (f.busy.cores * 1_000) / f.busy.perSecond),
    ms('answer, p50', (f) => f.busy.answerMs.p50),
    ms('event, p50', (f) => f.alone.eventMs?.p50, 2),
    ms('event, p99', (f) => f.alone.eventMs?.p99),
    ms('event under load, p50', (f) => f.busy.eventMs?.p50),
    row(`memory, ${of.memory.objects.toLocaleString('en')} objects of 2 KB`, 'MiB', (f) => f.memory.afterMiB, {
      most: 700,
    }),
    ms('first start', (f) => f.starts?.readyMs, 2_000),
    ...(of.starts?.secondMs === undefined ? [] : [ms('second start', (f) => f.starts?.secondMs, 20)]),
  ]
}

/** Without a figure, what is wanted was not reached. */
function rowOf(
  what: string,
  unit: string,
  measured: number | undefined,
  yardstick: number | undefined,
  limit: Limit | undefined,
): SandboxRow {
  const text = (value: number | undefined): string => (value === undefined ? '' : `${rounded(value)} ${unit}`.trimEnd())
  const ratio = measured === undefined || yardstick === undefined ? '' : (measured / yardstick).toFixed(2)
  const row = { what, measured: text(measured), yardstick: text(yardstick), ratio, wanted: '' }
  if (limit === undefined) return row
  if ('least' in limit) return { ...row, wanted: `>= ${limit.least} ${unit}`, ok: (measured ?? 0) >= limit.least }
  return { ...row, wanted: `< ${limit.most} ${unit}`, ok: (measured ?? Number.POSITIVE_INFINITY) < limit.most }
}

/** Three digits at least. */
function rounded(value: number): string {
  return value.toFixed(value >= 100 ? 0 : 2)
}
