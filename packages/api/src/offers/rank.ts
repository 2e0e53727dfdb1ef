import type { Offer, OfferRef } from '../filters/compile.ts'

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** By provider, then by name, in code unit order. */
export const compareRefs = (a: OfferRef, b: OfferRef): number =>
  compareText(a.providerCluster, b.providerCluster) || compareText(a.name, b.name)

/** Best first: the heavier offer; on a tie the lower provider name, then the lower AcceptAPI name. */
export const compareOffers = (a: Offer, b: Offer): number => b.weight - a.weight || compareRefs(a.ref, b.ref)

export const sameRef = (a: OfferRef, b: OfferRef): boolean =>
  a.providerCluster === b.providerCluster && a.name === b.name
