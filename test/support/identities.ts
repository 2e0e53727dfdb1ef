import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClusterRole, nameOf, ROLES, rightsIn, rulesOf, servicesIn } from '@resource-broker/charts'
import type { ControlPlane } from '@resource-broker/testbed'
import { stringify } from 'yaml'
import { OWN } from './nats.ts'

/** All services in one process. */
export const TOGETHER = 'broker'
const NAMESPACE = 'default'
/** Where the kubeconfigs of clusters of a role are. */
const FOLDERS = { platform: 'platform', consumer: 'consumers', provider: 'providers' } as const
/** Longer than any suite. */
const TOKEN_SECONDS = 86_400

type Sites = Record<
  ClusterRole,
  readonly Pick<ControlPlane, 'name' | 'url' | 'dir' | 'client' | 'adminToken' | 'caFile'>[]
>
type Site = Sites[ClusterRole][number]
type Options = {
  root: string
  sites: Sites /** `Kind.version.group` of each brokered kind. */
  kinds: readonly string[]
}

/**
 * Makes each service a ServiceAccount of its own in each cluster, with the rights of packages/charts/src/rights there, and writes the kubeconfigs
 * below `root`: all services have the same files, and read each its own token by them. Answers the flags that lead there. Who opens a
 * file by its own path, such as `consumers/NAME.kubeconfig`, is the administrator.
 */
export async function giveIdentities({ root, sites, kinds }: Options): Promise<string[]> {
  const brokered = kinds.flatMap((each) => each.split(',')).map(resourceOf)
  const users = new Set(ROLES.flatMap((role) => [...servicesIn(role), TOGETHER]))
  for (const folder of Object.values(FOLDERS)) await mkdir(join(root, folder), { recursive: true })
  for (const user of users) {
    await mkdir(join(root, 'as', user), { recursive: true })
    for (const folder of Object.values(FOLDERS)) await symlink(join('../..', folder), join(root, 'as', user, folder))
  }
  await Promise.all(
    ROLES.flatMap((role) =>
      sites[role].map(async (site) => {
        await writeFile(join(root, FOLDERS[role], `${site.name}.kubeconfig`), await kubeconfigOf(site))
        await writeToken(root, site, site.adminToken)
        await Promise.all(
          [...servicesIn(role), TOGETHER].map(async (user) => {
            await writeToken(join(root, 'as', user), site, await tokenOf(site, role, user, brokered))
          }),
        )
      }),
    ),
  )
  const own = (role: ClusterRole) => join(root, 'as', OWN, FOLDERS[role])
  return [
    ...['--coordination-kubeconfig', join(own('platform'), 'platform.kubeconfig')],
    ...['--consumer-kubeconfig-dir', own('consumer')],
    ...['--provider-kubeconfig-dir', own('provider')],
  ]
}

/** The plural of test kinds is their name and an s. */
export function resourceOf(kind: string): { group: string; resource: string } {
  const [name = '', , ...group] = kind.split('.')
  return { group: group.join('.'), resource: `${name.toLowerCase()}s` }
}

const writeToken = (dir: string, { name }: Site, token: string) =>
  writeFile(join(dir, `${name}.token`), token, { mode: 0o600 })

/** The token's file is beside the folder that the kubeconfig was opened in, be that a link. */
async function kubeconfigOf({ name, url, caFile }: Site): Promise<string> {
  const authority = (await readFile(caFile)).toString('base64')
  return stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name, user: { tokenFile: `../${name}.token` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  })
}

/** A token of the ServiceAccount of `user`, which is made with its rights. */
export async function tokenOf(
  { client }: Site,
  role: ClusterRole,
  user: string,
  brokered: ReturnType<typeof resourceOf>[],
): Promise<string> {
  const service = user === TOGETHER ? undefined : user
  const account = `resource-broker-${user}`
  const name = nameOf(role, service)
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: NAMESPACE }]
  await Promise.all([
    client.apply({ ...rbac, kind: 'ClusterRole', rules: rulesOf(rightsIn(role, service), brokered) }),
    client.apply({ ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects }),
    client.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: NAMESPACE } }),
  ])
  const request = {
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
    spec: { expirationSeconds: TOKEN_SECONDS },
  }
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`
  return ((await client.json('POST', path, request))['status'] as { token: string }).token
}
