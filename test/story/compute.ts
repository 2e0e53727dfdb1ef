import { join } from 'node:path'
import { readKubeconfig } from '@resource-broker/kube'
import { writeKubeconfig } from '@resource-broker/testbed'
import { ROOT, type Site } from '../support/landscape.ts'

const ROLE = 'resource-broker-compute'
const ACCOUNT = { name: ROLE, namespace: 'default' }
/** Longer than anybody plays with the story. */
const TOKEN_SECONDS = 86_400

/**
 * Makes the platform the compute cluster as well, where stages of moves deploy ConfigMaps: with a ServiceAccount that has the rights of
 * deploy/rbac/compute.yaml and no others. Answers the flags that lead there.
 */
export async function openCompute({ client, kubeconfig, url, dir }: Site): Promise<string[]> {
  await client.applyFile(join(ROOT, 'deploy/rbac/compute.yaml'))
  await client.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: ACCOUNT })
  await client.apply({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: ROLE } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: ROLE },
    subjects: [{ kind: 'ServiceAccount', ...ACCOUNT }],
  })
  const path = `/api/v1/namespaces/${ACCOUNT.namespace}/serviceaccounts/${ACCOUNT.name}/token`
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' }
  const issued = await client.json('POST', path, { ...request, spec: { expirationSeconds: TOKEN_SECONDS } })
  const { ca } = await readKubeconfig(kubeconfig)
  const credentials = { url, ca: String(ca), token: issued['status'].token as string }
  const file = await writeKubeconfig({
    file: join(dir, 'compute.kubeconfig'),
    name: 'compute',
    user: ROLE,
    credentials,
  })
  return ['--compute-kubeconfig', file, '--stage-kinds', 'ConfigMap.v1.']
}
