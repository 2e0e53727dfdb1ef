import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Journal, logPath, writeEmptyLog } from './journal.ts'
import { lockDirectory } from './lock.ts'
import { ObjectStore } from './object-store.ts'
import { ObjectTree } from './object-tree.ts'
import { recover } from './recover.ts'
import type { Store } from './types.ts'

export type StoreOptions = {
  /** Keeps the objects there; without it they live in memory. One process at a time can have it. */
  dir?: string
  /** Changes that are kept for watches and for lists at older revisions; 50,000 by default. */
  historyLimit?: number
  /** Bytes of past states that are kept with them; 128 MiB by default. */
  historyBytes?: number
  /** Told what a watch's listener threw; by default it becomes a warning of the process. */
  onListenerError?: (error: unknown) => void
}

/**
 * After a kill, clients may know revisions that had not been written yet: the next ones start behind all those that one turn of
 * the event loop could have given.
 */
const REVISIONS_AFTER_KILL = 100_000

/** Throws CorruptLogError, or an Error that says who has the directory. */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const { dir, historyLimit = 50_000, historyBytes = 128 * 1_024 * 1_024, onListenerError = warn } = options
  const history = { changes: historyLimit, bytes: historyBytes }
  if (dir === undefined) {
    return new ObjectStore({ tree: new ObjectTree(), revision: 0, history, onListenerError })
  }
  const lock = lockDirectory(dir)
  try {
    const generation = latestLog(dir)
    const { tree, live, size, revision: written } = recover(logPath(dir, generation))
    const revision = lock.unclean ? written + REVISIONS_AFTER_KILL : written
    const journal = new Journal({ dir, generation, tree, revision, live, size }, lock.release)
    if (lock.unclean) journal.advance(revision)
    return new ObjectStore({ tree, revision, history, journal, onListenerError })
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Generation of the log that counts; an empty one is written where there is none. What a kill left beside it is removed. */
function latestLog(dir: string): number {
  const files = readdirSync(dir).filter((name) => /^log\.\d+(\.new)?$/.test(name))
  const generations = files.filter((name) => !name.endsWith('.new')).map((name) => Number(name.slice('log.'.length)))
  const latest = Math.max(1, ...generations)
  for (const name of files) if (name !== `log.${latest}`) rmSync(join(dir, name))
  if (!existsSync(logPath(dir, latest))) writeEmptyLog(logPath(dir, latest))
  return latest
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
}
