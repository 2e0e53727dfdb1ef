import { z } from 'zod'
import { token } from './layout.ts'
import { kubeObject } from './messages.ts'

/**
 * What the registry says of one AcceptAPI: the object, or null if it is not valid and no valid version of it is known.
 */
export const offerEntry = z.object({ provider: z.string(), name: z.string(), object: kubeObject.nullable() })
export type OfferEntry = z.infer<typeof offerEntry>

/** The bucket's key of one AcceptAPI: provider and name, each as a token. */
export const offerKey = (provider: string, name: string): string => `${token(provider)}.${token(name)}`
