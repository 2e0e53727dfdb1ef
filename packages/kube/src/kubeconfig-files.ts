import { EventEmitter } from 'node:events'
import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { KubeClient } from './client.ts'

export type Cluster = { name: string; client: KubeClient; path: string }

type Events = {
  joined: [cluster: Cluster]
  left: [cluster: Cluster]
  /** A file that cannot be used; what was known of its cluster stays. */
  invalid: [path: string, error: Error]
}

const EXTENSIONS = /\.(kubeconfig|ya?ml|conf|json)$/
/** Editors and kubelet write a file in several steps; they are looked at together. */
const SETTLE_MS = 50

/**
 * Clusters given as kubeconfig files: single ones, and all in some directories, where files may come, change and go at run time.
 * A cluster's name is its file's name without the extension. A changed file is the cluster leaving and joining.
 */
export class KubeconfigFiles extends EventEmitter<Events> {
  readonly #files: string[]
  readonly #directories: string[]
  readonly #clusters = new Map<string, Cluster & { text: string }>()
  #watchers: FSWatcher[] = []
  #settling: NodeJS.Timeout | undefined
  #scanning: Promise<void> = Promise.resolve()

  constructor({ files, directories }: { files: string[]; directories: string[] }) {
    super()
    this.#files = files
    this.#directories = directories
  }

  /** Reads what is there and goes on watching. Listeners that are set before hear of every cluster. */
  async start(): Promise<void> {
    const parents = new Set([...this.#directories, ...this.#files.map((file) => join(file, '..'))])
    this.#watchers = [...parents].map((directory) => watch(directory, () => this.#settle()))
    for (const watcher of this.#watchers) watcher.on('error', () => this.#settle())
    await this.#scan()
  }

  stop(): void {
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
  }

  get(name: string): Cluster | undefined {
    return this.#clusters.get(name)
  }

  /** Clusters by name. */
  get all(): Cluster[] {
    return [...this.#clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #settle(): void {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#scanning = this.#scanning.then(() => this.#scan())
    }, SETTLE_MS)
  }

  async #scan(): Promise<void> {
    const found = new Map<string, string>()
    for (const path of await this.#paths()) {
      const name = basename(path).replace(EXTENSIONS, '')
      const other = found.get(name)
      if (other === undefined) found.set(name, path)
      else this.emit('invalid', path, new Error(`${other} has the same cluster name "${name}"`))
    }
    for (const cluster of [...this.#clusters.values()]) if (!found.has(cluster.name)) this.#leave(cluster)
    for (const [name, path] of found) await this.#read(name, path)
  }

  async #paths(): Promise<string[]> {
    const paths = [...this.#files]
    for (const directory of this.#directories) {
      const entries = await readdir(directory).catch(() => []) // a directory that is away for a moment has no files
      paths.push(...entries.filter((entry) => !entry.startsWith('.')).sort().map((entry) => join(directory, entry)))
    }
    return paths
  }

  async #read(name: string, path: string): Promise<void> {
    try {
      const text = await readFile(path, 'utf8')
      const known = this.#clusters.get(name)
      if (known?.text === text) return
      const client = await KubeClient.fromFile(path)
      if (known !== undefined) this.#leave(known)
      const cluster = { name, client, path, text }
      this.#clusters.set(name, cluster)
      this.emit('joined', cluster)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EISDIR') this.emit('invalid', path, error as Error)
    }
  }

  #leave(cluster: Cluster): void {
    this.#clusters.delete(cluster.name)
    this.emit('left', cluster)
    cluster.client.close()
  }
}
