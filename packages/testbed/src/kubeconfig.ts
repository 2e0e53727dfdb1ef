import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { Credentials } from './cluster-client.ts'

type KubeconfigOptions = {
  file: string
  /** Of the cluster and of the context. */
  name: string
  user: string
  credentials: Credentials
}

/** Writes a kubeconfig that only this process's user may read; answers its path. */
export async function writeKubeconfig({ file, name, user, credentials }: KubeconfigOptions): Promise<string> {
  const { url, ca, token, certificate, key } = credentials
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const login =
    certificate !== undefined && key !== undefined
      ? { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
      : { token }
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: login }],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    'current-context': name,
  }
  await writeFile(file, stringify(content), { mode: 0o600 })
  return file
}
