import { stringifyJson } from '@resource-broker/json'
import type { PlacementWorld } from './decide.ts'
import { compileAcceptAPI } from './filters/compile.ts'
import type { BrokeredObject } from './filters/match.ts'
import { OfferIndex } from './offers/offer-index.ts'

/** Offers and objects for the tests of this package. */
export const gvr = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }

/** `[provider, name, what its spec has besides the resource]`. */
export type OfferCase = [provider: string, name: string, spec?: object]

export function indexOf(...offers: OfferCase[]): OfferIndex {
  const index = new OfferIndex()
  for (const [provider, name, spec] of offers) {
    const acceptAPI = {
      apiVersion: 'broker.platform-mesh.io/v1alpha1',
      kind: 'AcceptAPI',
      metadata: { name },
      spec: { gvr, ...spec },
    }
    const compiled = compileAcceptAPI(acceptAPI, provider)
    if ('mistakes' in compiled) throw new Error(stringifyJson(compiled.mistakes))
    index.set(compiled.offer)
  }
  return index
}

export const objectOf = (spec: object): BrokeredObject => ({
  consumer: { cluster: 'consumer' },
  gvr,
  namespace: 'default',
  name: 'cert-from-consumer',
  uid: 'u',
  generation: 1,
  object: { spec },
})

/** A world in which all providers are open. */
export const around = (offers: OfferIndex, usage: PlacementWorld['usage'] = () => 0): PlacementWorld => ({
  offers,
  usage,
  standing: () => 'open',
})
