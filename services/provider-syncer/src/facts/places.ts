import { timestamp } from '@resource-broker/api'
import type { SourceRef } from '@resource-broker/bus'
import { ClusterNotConnectedError, type Destination, type Destinations, type Providers } from '@resource-broker/service'

/** Where a copy is, or is to be made; or why nobody can say so now. */
export type Place =
  | { is: 'there'; cluster: string; name: string }
  /** It is being made ready. */
  | { is: 'awaited'; why: string }
  /** It cannot be reached now, and what is in it is not known. */
  | { is: 'away'; why: string }
  /** The platform says that it will not come back. */
  | { is: 'lost' }
  /** There is no such place, and no copy therefore. */
  | { is: 'none' }

/** Answers about places, for one object and one moment: the same each time. */
export type Places = {
  /** Wherever copies may be. */
  readonly providers: readonly string[]
  /** Where the copy at a provider belongs. */
  forCopy: (ref: SourceRef, provider: string) => Place
  /** Where the copy at a provider is, if there is one. */
  ofCopy: (ref: SourceRef, provider: string) => Place
  /** A place where a copy was seen. */
  at: (provider: string, cluster: string) => Place
}

/** The places that `destinations` and `providers` know now; `exportOf` names the APIExport that is meant at a provider, in kcp. */
export function placesOf(
  destinations: Destinations,
  providers: Pick<Providers, 'presence' | 'all'>,
  exportOf: (provider: string) => string | undefined,
): Places {
  const unlessLost = (provider: string, look: () => Place): Place =>
    providers.presence(provider).state === 'lost' ? { is: 'lost' } : unlessAway(look, () => since(provider))
  const since = (provider: string) => {
    const presence = providers.presence(provider)
    return presence.state === 'away' ? ` (since ${timestamp(presence.since)})` : ''
  }
  return {
    get providers() {
      return providers.all
    },
    forCopy: answered((ref: SourceRef, provider) =>
      unlessLost(provider, () => {
        const there = destinations.of(ref, provider, exportOf(provider))
        return 'waitsFor' in there ? { is: 'awaited', why: there.waitsFor } : placeOf(there, ref)
      }),
    ),
    ofCopy: answered((ref: SourceRef, provider) =>
      unlessLost(provider, () => placeOf(destinations.find(ref, provider, exportOf(provider)), ref)),
    ),
    at: (provider, cluster) =>
      unlessLost(provider, () => {
        const there = destinations.at(cluster)
        return there === undefined ? { is: 'none' } : { is: 'there', cluster: there.cluster, name: '' }
      }),
  }
}

/** Looked up once for each provider: a look at an object asks for the same place in each of its steps. */
function answered(look: (ref: SourceRef, provider: string) => Place): (ref: SourceRef, provider: string) => Place {
  const answers = new Map<string, Place>()
  return (ref, provider) => {
    const answer = answers.get(provider) ?? look(ref, provider)
    answers.set(provider, answer)
    return answer
  }
}

function placeOf(there: Destination | undefined, ref: SourceRef): Place {
  if (there === undefined) return { is: 'none' }
  return {
    is: 'there',
    cluster: there.cluster,
    get name() {
      return there.nameOf(ref) // a hash, and few ask
    },
  }
}

function unlessAway(look: () => Place, since: () => string): Place {
  try {
    return look()
  } catch (error) {
    if (error instanceof ClusterNotConnectedError) return { is: 'away', why: error.message + since() }
    throw error
  }
}
