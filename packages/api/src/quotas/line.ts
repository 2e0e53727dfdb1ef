import type { Waiting } from '../kinds/quota-usage.ts'

/** Who waits for a place, by key. */
export type Line = Readonly<Record<string, Waiting>>

/** The keys of those who wait, the head first: the oldest, of one second the one that is before in the alphabet. */
export function lineOf(waiting: Line): string[] {
  return Object.entries(waiting)
    .sort(([a, one], [b, other]) => compare(one.since, other.since) || compare(one.name, other.name) || compare(a, b))
    .map(([key]) => key)
}

/**
 * Those of the line who may enter where `taken` places of `places` are taken: as many from its head as there is room for. For each there
 * is room besides that for all who stand before it: nobody passes who has not entered yet.
 */
export function whoEnters(waiting: Line, taken: number, places: number): string[] {
  return places > taken ? lineOf(waiting).slice(0, places - taken) : []
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
