import type { Provider } from './kinds/provider.ts'

/** What the platform has a provider do: `open` takes objects, `cordoned` takes none that is not there already. */
export type Standing = 'open' | 'cordoned'

/** How a provider stands, by what the platform has recorded of it; one that nothing is recorded of is open. */
export function standingOf(provider: Pick<Provider, 'spec'> | undefined): Standing {
  return provider?.spec.unschedulable === true ? 'cordoned' : 'open'
}
