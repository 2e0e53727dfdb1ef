import type { Cluster, KubeClient, KubeconfigFiles } from '@resource-broker/kube'

/** A cluster that an Assignment names, or an object came from, is not connected now; it may come back. */
export class ClusterNotConnectedError extends Error {
  readonly code = 'ClusterNotConnected'
}

type ClusterSource = Pick<KubeconfigFiles, 'get' | 'all' | 'on'>

/** The consumers or the providers that are connected now. */
export class ClusterSet {
  readonly role: 'consumer' | 'provider'
  readonly #source: ClusterSource

  constructor(role: 'consumer' | 'provider', source: ClusterSource) {
    this.role = role
    this.#source = source
  }

  get all(): Cluster[] {
    return this.#source.all
  }

  find(name: string): Cluster | undefined {
    return this.#source.get(name)
  }

  /** @throws {ClusterNotConnectedError} */
  client(name: string): KubeClient {
    const cluster = this.#source.get(name)
    if (cluster === undefined) throw new ClusterNotConnectedError(`${this.role} ${name} is not connected`)
    return cluster.client
  }

  /** Calls back for each cluster that joins from now on, and for each that leaves. */
  follow(joined: (cluster: Cluster) => void, left: (cluster: Cluster) => void): void {
    this.#source.on('joined', joined)
    this.#source.on('left', left)
  }
}

/** Every API server that a service may speak to. */
export class Clusters {
  readonly coordination: KubeClient
  readonly consumers: ClusterSet
  readonly providers: ClusterSet

  constructor(coordination: KubeClient, consumers: ClusterSet, providers: ClusterSet) {
    this.coordination = coordination
    this.consumers = consumers
    this.providers = providers
  }
}
