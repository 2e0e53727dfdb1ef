import { EventEmitter } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type ClientOptions, KubeClient } from '../client.ts'
import { KubeconfigError } from '../errors.ts'
import { DirectoryWatches, realDirectory } from './directory-watches.ts'
import { type Endpoint, parseKubeconfig } from './kubeconfig.ts'

/** `path` is that of its kubeconfig. */
export type Cluster = { name: string; client: KubeClient; path: string }

type Events = {
  joined: [cluster: Cluster]
  left: [cluster: Cluster]
  /** Its file changed and names the same server, with other credentials perhaps: the client goes on with them. */
  changed: [cluster: Cluster]
  /** A file or directory that cannot be used; what was known of its clusters stays. Told once until it changes. */
  invalid: [path: string, error: Error]
}

export type KubeconfigFilesOptions = {
  files: string[]
  directories: string[]
  /** For the client of one cluster. */
  clientOptions?: (name: string) => ClientOptions
}

type Known = Cluster & { server: string }

const EXTENSIONS = /\.(kubeconfig|ya?ml|conf|json)$/
/** Hidden files, among them the `..data` of Kubernetes volumes, and what editors leave. */
const IGNORED = /^[.#]|~$|\.(swp|tmp|bak|orig)$/
/** Editors and kubelet write a file in several steps; they are looked at together. */
const SETTLE_MS = 50
/** A file that is being replaced may be missing for a moment: a cluster leaves when it is still missing then. */
const GONE_MS = 250

/**
 * Clusters given as kubeconfig files: single ones, and all in some directories, where files may come, change and go at run time.
 * A cluster's name is its file's name without the extension; of two files with one name the first is taken.
 */
export class KubeconfigFiles extends EventEmitter<Events> {
  readonly #options: KubeconfigFilesOptions
  readonly #clusters = new Map<string, Known>()
  /** The text that a path had when it was read last. */
  readonly #texts = new Map<string, string>()
  readonly #problems = new Map<string, string>()
  /** Directories that cannot be read: no reason to let their clusters go. */
  readonly #away = new Set<string>()
  /** Since when a cluster's file is missing, in milliseconds of `performance.now`. */
  readonly #missing = new Map<string, number>()
  readonly #watches = new DirectoryWatches(() => this.#scanIn(SETTLE_MS))
  #timer: NodeJS.Timeout | undefined
  #scanning: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: KubeconfigFilesOptions) {
    super()
    const { files, directories } = options
    this.#options = {
      ...options,
      files: files.map((file) => resolve(file)),
      directories: directories.map((each) => resolve(each)),
    }
  }

  /** Reads what is there and goes on watching. Listeners that are set before hear of every cluster. */
  async start(): Promise<void> {
    await this.#scan()
  }

  /** Ends watching; the clients of the clusters stay open. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#watches.close()
  }

  get(name: string): Cluster | undefined {
    return this.#clusters.get(name)
  }

  /** Clusters by name. */
  get all(): Cluster[] {
    return [...this.#clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #scanIn(ms: number): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#scanning = this.#scanning.then(() => this.#scan())
    }, ms)
  }

  async #scan(): Promise<void> {
    // Watching before reading: what changes in between is seen by the one or the other.
    this.#watch()
    const found = await this.#find()
    if (this.#stopped) return
    for (const [name, path] of found) await this.#read(name, path)
    for (const cluster of [...this.#clusters.values()]) {
      if (!this.#away.has(dirname(cluster.path))) this.#check(cluster, found)
    }
    if (!this.#stopped) this.#watch()
  }

  #watch(): void {
    const { files, directories } = this.#options
    const linked = [...this.#clusters.values()].map(({ path }) => realDirectory(path))
    this.#watches.set([...directories, ...files.map((file) => dirname(file)), ...linked])
  }

  /** The path for each cluster name, the first that has it. */
  async #find(): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for (const path of await this.#paths()) {
      const name = basename(path).replace(EXTENSIONS, '')
      const other = found.get(name)
      if (other === undefined) found.set(name, path)
      else if (other !== path) this.#invalid(path, `kubeconfig ${path}: ${other} has the same cluster name "${name}"`)
    }
    return found
  }

  async #paths(): Promise<string[]> {
    const { files, directories } = this.#options
    const paths = [...files]
    for (const directory of directories) {
      try {
        const entries = (await readdir(directory)).filter((entry) => !IGNORED.test(entry)).sort()
        paths.push(...entries.map((entry) => join(directory, entry)))
        this.#problems.delete(directory)
        this.#away.delete(directory)
      } catch (error) {
        this.#invalid(directory, `kubeconfig directory ${directory}: ${(error as Error).message}`)
        this.#away.add(directory)
      }
    }
    return paths
  }

  async #read(name: string, path: string): Promise<void> {
    try {
      const text = await readFile(path, 'utf8')
      this.#missing.delete(name)
      if (this.#texts.get(path) === text && (this.#problems.has(path) || this.#clusters.get(name)?.path === path))
        return
      this.#texts.set(path, text)
      this.#take(name, path, await parseKubeconfig(text, dirname(path)))
      this.#problems.delete(path)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EISDIR') return
      if (code === 'ENOENT' && !this.#texts.has(path) && !this.#options.files.includes(path)) return
      this.#invalid(path, `kubeconfig ${path}: ${message}`)
    }
  }

  #take(name: string, path: string, endpoint: Endpoint): void {
    if (this.#stopped) return
    const known = this.#clusters.get(name)
    if (known?.server === endpoint.server) {
      known.path = path
      known.client.update(endpoint)
      this.emit('changed', known)
      return
    }
    if (known !== undefined) this.#leave(known)
    const client = new KubeClient(endpoint, this.#options.clientOptions?.(name))
    const cluster = { name, client, path, server: endpoint.server }
    this.#clusters.set(name, cluster)
    this.emit('joined', cluster)
  }

  /** Lets a cluster go whose file is missing, and was missing a moment ago. */
  #check(cluster: Known, found: Map<string, string>): void {
    const { name, path } = cluster
    if (found.has(name) && this.#problems.get(path)?.includes('ENOENT') !== true) return
    const since = this.#missing.get(name) ?? performance.now()
    this.#missing.set(name, since)
    const left = GONE_MS - (performance.now() - since)
    if (left > 0) {
      this.#scanIn(left)
      return
    }
    this.#missing.delete(name)
    this.#texts.delete(path)
    this.#leave(cluster)
  }

  #leave(cluster: Cluster): void {
    this.#clusters.delete(cluster.name)
    this.emit('left', cluster)
    cluster.client.close()
  }

  #invalid(path: string, message: string): void {
    if (this.#problems.get(path) === message) return
    this.#problems.set(path, message)
    this.emit('invalid', path, new KubeconfigError(message))
  }
}
