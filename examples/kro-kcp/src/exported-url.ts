import { type Endpoint, isForbidden, KubeClient } from '@resource-broker/kube'

const SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices' }
const BINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }

type Slice = { status?: { endpoints?: { url: string }[] } }

/**
 * URL of a consumer's logical cluster in the virtual workspace of an export of the workspace `home`. There is an endpoint for each
 * shard with a binding; the consumer is at the one that shows its binding. @throws where no binding is to be seen
 */
export async function exportedUrl(home: Endpoint, exportName: string, consumer: string): Promise<string> {
  const { status } = await ask(home, (client) => client.get<Slice>({ ...SLICES, name: exportName }))
  for (const { url } of status?.endpoints ?? []) {
    const server = `${url}/clusters/${consumer}`
    if (await isBound({ ...home, server })) return server
  }
  throw new Error(`there is no APIBinding to "${exportName}" in the logical cluster "${consumer}"`)
}

async function isBound(endpoint: Endpoint): Promise<boolean> {
  try {
    const { items } = await ask(endpoint, (client) => client.list<object>(BINDINGS))
    return items.length > 0
  } catch (error) {
    // What another shard has, or nobody.
    if (isForbidden(error)) return false
    throw error
  }
}

async function ask<T>(endpoint: Endpoint, question: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = new KubeClient(endpoint)
  try {
    return await question(client)
  } finally {
    client.close()
  }
}
