import type { Site } from '../support/landscape.ts'

/** Requests of one sort at one API server, as apiserver_request_total counts them. */
export type RequestCount = { server: string; verb: string; resource: string; count: number }

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION'])
const READS = new Set(['GET', 'LIST'])
/** What API servers ask themselves all the time; the broker has no business there. */
const HOUSEKEEPING =
  /^(leases|endpoints|endpointslices|services|servicecidrs|ipaddresses|flowschemas|prioritylevelconfigurations|apiservices|customresourcedefinitions|clusterroles|clusterrolebindings|roles|rolebindings|priorityclasses|(\/(metrics|readyz|livez|healthz))$)/
/** Read by each API server on its own, a few times a minute. */
const OWN_READS = new Set(['namespaces', 'configmaps'])

export type Traffic = { writes: number; reads: number; requests: RequestCount[] }

/** What all servers have counted so far. */
export async function countRequests(sites: Site[]): Promise<RequestCount[]> {
  return (await Promise.all(sites.map(countAt))).flat()
}

async function countAt(site: Site): Promise<RequestCount[]> {
  const { body } = await site.client.send('GET', '/metrics')
  const counts = new Map<string, RequestCount>()
  for (const line of String(body).split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue
    const label = (name: string): string => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? ''
    const [group, subresource] = [label('group'), label('subresource')]
    const resource = `${label('resource')}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource.replace(/^\//, '')}`}`
    const id = `${label('verb')} ${resource}`
    const count = Number(line.slice(line.lastIndexOf(' ') + 1))
    const known = counts.get(id)
    if (known === undefined) counts.set(id, { server: site.name, verb: label('verb'), resource, count })
    else known.count += count
  }
  return [...counts.values()]
}

/**
 * What happened between two counts, without watches, without what the API servers do for themselves, and without `own`, which is
 * what the bench did. Divided by `per`.
 */
export function traffic(before: RequestCount[], after: RequestCount[], own: RequestCount[], per: number): Traffic {
  const idOf = ({ server, verb, resource }: RequestCount): string => `${server} ${verb} ${resource}`
  const known = new Map(
    [...before, ...own].reduce(
      (sum, each) => sum.set(idOf(each), (sum.get(idOf(each)) ?? 0) + each.count),
      new Map<string, number>(),
    ),
  )
  const requests = after
    .filter(
      ({ verb, resource }) =>
        (WRITES.has(verb) || READS.has(verb)) &&
        !HOUSEKEEPING.test(resource) &&
        !(READS.has(verb) && OWN_READS.has(resource)),
    )
    .map((each) => ({ ...each, count: (each.count - (known.get(idOf(each)) ?? 0)) / per }))
    .filter(({ count }) => count !== 0)
  const sum = (verbs: Set<string>): number =>
    requests.filter(({ verb }) => verbs.has(verb)).reduce((total, { count }) => total + count, 0)
  return { writes: sum(WRITES), reads: sum(READS), requests }
}
