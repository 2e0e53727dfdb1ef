import { KubeClient } from '@resource-broker/kube'
import type { BootstrapConfig } from './config.ts'
import { about, FIELD_MANAGER } from './kcp.ts'

/** Where charts look for a kubeconfig in a Secret, if not told otherwise. */
const KEY = 'kubeconfig'

/** Makes the Secret that is asked for, or gives the one that is there this kubeconfig; other keys in it stay. @throws {BootstrapError} */
export async function writeSecret(
  kubeconfig: string,
  { outputSecret, secretKubeconfig }: Pick<BootstrapConfig, 'outputSecret' | 'secretKubeconfig'>,
): Promise<void> {
  if (outputSecret === undefined || secretKubeconfig === undefined) return
  const [namespace = '', name = ''] = outputSecret.split('/')
  const ref = { group: '', version: 'v1', resource: 'secrets', namespace, name }
  const body = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name } },
    data: { [KEY]: Buffer.from(kubeconfig).toString('base64') },
  }
  await about(`--output-secret ${outputSecret}`, async () => {
    const client = await KubeClient.fromFile(secretKubeconfig)
    try {
      await client.apply(ref, body, { force: true, fieldManager: FIELD_MANAGER })
    } finally {
      client.close()
    }
  })
}
