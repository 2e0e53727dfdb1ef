import { randomBytes } from 'node:crypto'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { KCP_ADMIN, type KubeconfigParts, workspaceKubeconfig } from './http/mod.ts'
import { KCP_ADMINS } from './kcp/groups.ts'
import type { HttpHandler, HttpResponse, StreamSink } from './kube/http.ts'
import type { KubeObject } from './kube/objects.ts'
import type { SandboxWorkspace, WorkspaceOptions } from './types.ts'

const TENANCY = 'tenancy.kcp.io/v1alpha1'
const AS_ADMIN = { clientCertificate: { commonName: KCP_ADMIN, organizations: [KCP_ADMINS] } }

type Workspace = KubeObject & { spec: { cluster?: string }; status?: { phase?: string } }
type Ask = { method: string; path: string; query?: Record<string, string>; body?: object }

/** Creates a workspace as kcp-admin through `handler`; resolves when it is Ready. Rejects with an Error that says why it is refused. */
export async function createWorkspace(
  handler: HttpHandler,
  parts: KubeconfigParts,
  { name = `test-${randomBytes(4).toString('hex')}`, parent = 'root', type = 'root:universal' }: WorkspaceOptions,
): Promise<SandboxWorkspace> {
  const workspaces = `/clusters/${parent}/apis/${TENANCY}/workspaces`
  const [, typePath = parent, typeName = type] = /^(.+):([^:]+)$/.exec(type) ?? []
  const body = {
    ...{ apiVersion: TENANCY, kind: 'Workspace', metadata: { name } },
    spec: { type: { name: typeName, path: typePath } },
  }
  await answered(handler, { method: 'POST', path: workspaces, body })
  const watching = { watch: 'true', fieldSelector: `metadata.name=${name}` }
  const { spec } = await seen(await ask(handler, { method: 'GET', path: workspaces, query: watching }), isReady)
  const path = `${parent}:${name}`
  return {
    ...{ name, path, cluster: spec.cluster ?? '', url: `${parts.url}/clusters/${path}` },
    kubeconfig: () => workspaceKubeconfig(parts, path),
    async delete() {
      const gone = await ask(handler, { method: 'GET', path: workspaces, query: watching })
      await answered(handler, { method: 'DELETE', path: `${workspaces}/${name}` })
      await seen(gone, (event) => event.type === 'DELETED')
    },
  }
}

type Event = { type: string; object: Workspace }

function isReady({ object }: Event): boolean {
  return object.status?.phase === 'Ready'
}

/** The object of the first event of a watch that `is` what is waited for; the watch ends with it. */
function seen(response: HttpResponse, is: (event: Event) => boolean): Promise<Workspace> {
  if (!('stream' in response)) throw new Error(`no watch of workspaces: ${response.status}`)
  return new Promise((resolve, reject) => {
    const closed: (() => void)[] = []
    let text = ''
    const sink: StreamSink = {
      pending: 0,
      onClose: (listener) => void closed.push(listener),
      end: () => reject(new Error('the watch of a workspace ended before it was ready')),
      write(chunk) {
        text += chunk.toString()
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        const event = lines.map((line) => parseJson<Event>(line)).find(is)
        if (event === undefined) return
        resolve(event.object)
        for (const listener of closed.splice(0)) listener()
      },
    }
    response.stream(sink)
  })
}

async function answered(handler: HttpHandler, what: Ask): Promise<void> {
  const response = await ask(handler, what)
  if (response.status >= 300) throw new Error(`${what.method} ${what.path}: ${'body' in response ? response.body : ''}`)
}

function ask(handler: HttpHandler, { method, path, query = {}, body }: Ask): Promise<HttpResponse> {
  const bytes = Buffer.from(body === undefined ? '' : stringifyJson(body))
  return handler({
    ...{ method, path, query: new URLSearchParams(query), credentials: AS_ADMIN },
    headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'sandbox' },
    body: async () => bytes,
    signal: new AbortController().signal,
  })
}
