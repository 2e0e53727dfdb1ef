import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeClient } from '@resource-broker/kube'

type Item = { metadata: { name: string; uid?: string; annotations?: Record<string, string> }; [field: string]: unknown }

/** An API server as far as clusters are known by it: the uid of kube-system, and one resource that can be listed and watched. */
export class FakeCluster {
  /** What the cluster is; undefined: it breaks off whoever asks. */
  uid: string | undefined
  /** What a list has; undefined: nobody serves it. */
  items: Item[] | undefined = []
  /** Paths that were listed, with what they select. */
  readonly listed: string[] = []
  readonly #server: Server
  readonly #watches = new Set<ServerResponse>()

  private constructor(uid: string | undefined) {
    this.uid = uid
    this.#server = createServer((request, response) => this.#answer(new URL(request.url ?? '', 'http://x'), response))
  }

  static async start(uid?: string): Promise<FakeCluster> {
    const cluster = new FakeCluster(uid)
    await new Promise<void>((resolve) => cluster.#server.listen(0, '127.0.0.1', resolve))
    return cluster
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get kubeconfig(): string {
    const clusters = [{ name: 'c', cluster: { server: this.#url } }]
    const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }]
    return JSON.stringify({ clusters, contexts, users: [{ name: 'u', user: {} }], 'current-context': 'c' })
  }

  client(): KubeClient {
    const credentials = { current: () => ({ headers: {} }), renew: () => false }
    return new KubeClient({ server: this.#url, ca: undefined, servername: undefined, insecure: false, credentials })
  }

  /** Tells whoever watches. */
  tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Item): void {
    for (const watch of this.#watches) watch.write(eventOf(type, object))
  }

  get isWatched(): boolean {
    return this.#watches.size > 0
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/api/v1/namespaces/kube-system') {
      if (this.uid === undefined) response.destroy()
      else json(200, { metadata: { name: 'kube-system', uid: this.uid } })
    } else if (this.items === undefined)
      json(404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'no such kind' })
    else if (searchParams.get('watch') === null) {
      this.listed.push(searchParams.get('labelSelector') ?? '')
      json(200, { metadata: { resourceVersion: '1' }, items: this.items })
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      for (const item of this.items) response.write(eventOf('ADDED', item))
      response.write(
        eventOf('BOOKMARK', { metadata: { name: '', annotations: { 'k8s.io/initial-events-end': 'true' } } }),
      )
      this.#watches.add(response)
      response.on('close', () => this.#watches.delete(response))
    }
  }
}

let version = 0

function eventOf(type: string, object: Item): string {
  const metadata = { ...object.metadata, resourceVersion: String(++version) }
  return `${JSON.stringify({ type, object: { ...object, metadata } })}\n`
}
