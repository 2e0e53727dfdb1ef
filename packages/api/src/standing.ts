import type { Provider } from './kinds/provider.ts'

/**
 * What the platform has a provider do: `open` takes objects, `cordoned` takes none that is not there already, `draining` besides gives
 * up what it has to whoever else takes it.
 */
export type Standing = 'open' | 'cordoned' | 'draining'

/** How a provider stands, by what the platform has recorded of it; one that nothing is recorded of is open. */
export function standingOf(provider: Pick<Provider, 'spec'> | undefined): Standing {
  if (provider?.spec.drain !== undefined) return 'draining'
  return provider?.spec.unschedulable === true ? 'cordoned' : 'open'
}
