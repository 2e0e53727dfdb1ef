import { type ClientOptions, KubeClient } from '../client.ts'
import type { Endpoint } from '../clusters/kubeconfig.ts'

/**
 * Clients for the URLs that a kcp publishes, such as those of virtual workspaces: all on one server share its connections, so that
 * their number does not grow with exports or workspaces.
 */
export class Connections {
  #login: Endpoint
  readonly #options: ClientOptions
  readonly #servers = new Map<string, KubeClient>()

  /** `login` says who asks, and by which certificates the servers are known; its address does not count. */
  constructor(login: Endpoint, options: ClientOptions = {}) {
    this.#login = login
    this.#options = options
  }

  at(url: string): KubeClient {
    const { origin, pathname } = new URL(url)
    const server = this.#servers.get(origin) ?? new KubeClient({ ...this.#login, server: origin }, this.#options)
    this.#servers.set(origin, server)
    return server.below(pathname.replace(/\/$/, ''))
  }

  /** Goes on with other credentials; what is under way is not disturbed. */
  update(login: Endpoint): void {
    this.#login = login
    for (const [server, client] of this.#servers) client.update({ ...login, server })
  }

  close(): void {
    for (const client of this.#servers.values()) client.close()
  }
}
