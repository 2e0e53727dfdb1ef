import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'

type Watched = { inode: number; watcher: FSWatcher }

/** Calls back when something in one of some directories changed; they may come, be replaced and go. */
export class DirectoryWatches {
  readonly #changed: () => void
  readonly #watched = new Map<string, Watched>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Watches these from now on, and in place of one that is missing its nearest parent. Cheap where nothing changed. */
  set(directories: Iterable<string>): void {
    const wanted = new Set([...directories].map(nearest))
    for (const [path, { inode, watcher }] of this.#watched) {
      if (wanted.has(path) && inode === inodeOf(path)) continue
      watcher.close()
      this.#watched.delete(path)
    }
    for (const path of wanted) if (!this.#watched.has(path)) this.#watch(path)
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  #watch(path: string): void {
    const inode = inodeOf(path)
    if (inode === undefined) {
      this.#changed()
      return
    }
    const watcher = watch(path, () => this.#changed())
    watcher.on('error', () => this.#changed())
    this.#watched.set(path, { inode, watcher })
  }
}

/** Where the file really is: a link's target may change without a trace beside the link. */
export function realDirectory(path: string): string {
  try {
    return dirname(realpathSync(path))
  } catch {
    return dirname(path)
  }
}

function nearest(directory: string): string {
  if (inodeOf(directory) !== undefined) return directory
  const parent = dirname(directory)
  return parent === directory ? directory : nearest(parent)
}

function inodeOf(directory: string): number | undefined {
  const found = statSync(directory, { throwIfNoEntry: false })
  return found?.isDirectory() ? found.ino : undefined
}
