import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `unclean`: its last holder did not let it go, so it was killed. */
export type Lock = { unclean: boolean; release: () => void }

/** Takes the directory for this process, or says who has it. The lock of a process that is gone is taken over. */
export function lockDirectory(dir: string): Lock {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'lock')
  const own = `${process.pid} ${startOf(process.pid)}\n`
  const release = () => rmSync(path, { force: true })
  if (tryCreate(path, own)) return { unclean: false, release }
  const holder = readFileSync(path, 'utf8')
  if (isAlive(holder)) throw new Error(`${dir} is in use by process ${holder.split(' ')[0]}`)
  takeAway(path, holder)
  if (!tryCreate(path, own)) throw new Error(`${dir} was taken by another process meanwhile`)
  return { unclean: true, release }
}

/** The lock appears with its content at once: a reader never sees an empty one. */
function tryCreate(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, content)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes the lock of a dead holder; what another process put there since then is put back. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.${process.pid}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (readFileSync(aside, 'utf8') !== holder) linkSync(aside, path)
  rmSync(aside, { force: true })
}

function isAlive(holder: string): boolean {
  const [pid, start] = holder.trim().split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it is there, and someone else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startOf(Number(pid)) === start
}

/** Start time of a process, so that another one with the same number is told apart; `-` where the system does not tell. */
function startOf(pid: number): string {
  try {
    // proc(5): the 22nd field; the second, in parentheses, may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}
