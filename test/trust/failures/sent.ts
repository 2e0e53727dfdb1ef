import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HttpRequest } from '@resource-broker/sandbox'
import { parse, stringify } from 'yaml'
import type { Injections } from '../../support/injections.ts'
import type { Landscape, Site } from '../../support/landscape.ts'

/** Of the sandbox's administrator; everybody but the broker signs in by a certificate. */
const TOKEN = 'admin-token'

/** Has a broker on workspaces sign in by a token, as one in a kcp does, so that its requests are told from those of the tests. */
export async function signInByToken({ dir, flags, platform, consumers, providers }: Landscape): Promise<void> {
  const file = async (site: Site, path: string) => {
    const config = parse(await readFile(site.kubeconfig, 'utf8')) as { users: { user: object }[] }
    for (const user of config.users) user.user = { token: TOKEN }
    await rm(path, { force: true })
    await writeFile(path, stringify(config), { mode: 0o600 })
  }
  const own = join(dir, 'broker.kubeconfig')
  await file(platform, own)
  flags[flags.indexOf('--coordination-kubeconfig') + 1] = own
  for (const [folder, sites] of Object.entries({ consumers, providers }))
    for (const site of Object.values(sites))
      await file(site, join(dir, 'kubeconfigs', folder, `${site.name}.kubeconfig`))
}

/** Notes from now on what the broker asks for: method and resource of each request, as the table has them. */
export function noteSent(injections: Injections): ReadonlySet<string> {
  const sent = new Set<string>()
  injections.add((request) => {
    if (request.headers['authorization'] !== undefined) sent.add(wordOf(request))
    return undefined
  })
  return sent
}

const PATH =
  /\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+(?=\/))?(?:\/([^/?]+))?(?:\/([^/?]+))?(?:\/([^/?]+))?$/

function wordOf({ method, path }: HttpRequest): string {
  const [, resource, name, subresource] = path.match(PATH) ?? []
  if (resource === undefined) return `DISCOVER ${path.match(PATH) === null ? path : ''}`.trim()
  const verb = method === 'GET' && name === undefined ? 'WATCH' : method
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`
}
