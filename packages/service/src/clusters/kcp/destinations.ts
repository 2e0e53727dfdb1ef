import type { SourceRef } from '@resource-broker/bus'
import { ClusterNotConnectedError, type Destination, type Destinations } from '../clusters.ts'
import { type Staging, type StagingCluster, serves, whyNotReady } from './staging.ts'
import { isEnding, pairOf, type StagingRecords } from './staging-records.ts'

/** Where copies go: staging workspaces that are bound, as far as they do not go. `isCertain`: what is not known is not there. */
export function destinationsIn(staging: Staging, records: StagingRecords, isCertain: () => boolean): Destinations {
  const at = (place: StagingCluster): Destination => ({
    cluster: place.cluster,
    client: place.client,
    nameOf: ({ name }) => name,
  })
  const serving = ({ cluster, gvr }: SourceRef, provider: string, named?: string) => {
    const all = staging.between(cluster, provider)
    const places = named === undefined ? all : all.filter(({ apiExportName }) => apiExportName === named)
    return { places, served: places.filter((place) => serves(place, gvr)) }
  }
  const unknown = (provider: string) =>
    new ClusterNotConnectedError(`the staging workspaces for ${provider} are not all known`)
  return {
    of: (source, provider, named) => {
      const { places, served } = serving(source, provider, named)
      const ready = served.find(({ isReady }) => isReady)
      const record = ready && records.get(ready.name)
      if (record !== undefined && isEnding(record))
        return { waitsFor: `the staging workspace for ${provider} is being removed, and is made anew then` }
      if (ready !== undefined) return at(ready)
      if (!isCertain()) throw unknown(provider)
      return { waitsFor: waitsFor(places, provider, records.trouble({ consumer: source.cluster, provider })) }
    },
    find: (source, provider, named) => {
      const [place] = serving(source, provider, named).served
      if (place === undefined && !isCertain()) throw unknown(provider)
      return place && at(place)
    },
    at: (cluster) => {
      const place = staging.at(cluster)
      if (place !== undefined) return at(place)
      if (!isCertain()) throw new ClusterNotConnectedError(`the staging workspace ${cluster} is not known here`)
      return undefined
    },
    onReady: (listener) => {
      staging.on('changed', (now, before) => {
        const { consumerCluster: consumer, providerCluster: provider, isReady } = now ?? {}
        if (isReady !== true || before?.isReady === true || consumer === undefined || provider === undefined) return
        listener({ consumer, provider })
      })
      records.on('changed', (record) => {
        const isUsable = staging.named(record.metadata.name)?.isReady === true && !isEnding(record)
        if (isUsable || records.trouble(pairOf(record)) !== undefined) listener(pairOf(record))
      })
    },
  }
}

function waitsFor([place]: StagingCluster[], provider: string, trouble: string | undefined): string {
  const because = trouble === undefined ? '' : `: ${trouble}`
  if (place === undefined) return `a staging workspace for ${provider} is being made${because}`
  const why = whyNotReady(place) ?? trouble
  return `the staging workspace for ${provider} is being bound${why === undefined ? '' : `: ${why}`}`
}
