/** One line of a table. `ok` is absent where nothing is demanded. */
export type Row = { what: string; measured: string; floor: string; ratio: string; wanted: string; ok?: boolean }

export type Limit = { most?: number; least?: number }

/** A floor below this, in the figure's unit, is noise. */
const LEAST_COMPARED = 0.05

/** A figure beside the floor's, and beside what is wanted of their ratio. */
export function ratioRow(what: string, unit: string, measured: number, floor: number, limit?: Limit): Row {
  const ratio = measured / floor
  const found = {
    ...row(what, `${measured.toFixed(1)} ${unit}`, `${floor.toFixed(1)} ${unit}`),
    ratio: floor < LEAST_COMPARED ? '' : ratio.toFixed(2),
  }
  if (limit === undefined) return found
  const ok = limit.most === undefined ? ratio >= (limit.least ?? 0) : ratio <= limit.most
  return { ...found, wanted: limit.most === undefined ? `>= ${limit.least}` : `<= ${limit.most}`, ok }
}

/** A count beside the floor's. */
export function countRow(what: string, measured: number, floor: number, most?: number): Row {
  const found = row(what, String(round(measured)), String(round(floor)))
  return most === undefined ? found : { ...found, wanted: most === 0 ? '0' : `<= ${most}`, ok: measured <= most }
}

export function row(what: string, measured: string, floor = ''): Row {
  return { what, measured, floor, ratio: '', wanted: '' }
}

/** To three decimals. */
export const round = (value: number): number => Math.round(value * 1000) / 1000
