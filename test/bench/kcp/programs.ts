import { type ChildProcess, fork } from 'node:child_process'
import type { Floor } from './floor.ts'
import type { Ground } from './landscape.ts'

/** Starts landscape.ts; `stop` resolves when it has ended. */
export async function startGround(
  dir: string,
  crd: string,
  shards: number,
): Promise<{ ground: Ground; sandboxPid: number; stop: () => Promise<void> }> {
  const { child, said, end } = await start('./landscape.ts', [dir, crd, String(shards)])
  return { ground: said as Ground, sandboxPid: child.pid as number, stop: end }
}

/** Starts floor.ts for the exported kind `brokered`, at providers by their logical clusters; resolves when it sees all that is there. */
export async function startFloor(
  { adminKubeconfig, url, coordinationWorkspace }: Ground,
  brokered: string,
  exportName: string,
  providers: string[],
): Promise<{ pid: number | undefined; end: () => Promise<void> }> {
  const about: Floor = { adminKubeconfig, url, coordinationWorkspace, brokered, exportName, providers }
  const { child, end } = await start('./floor.ts', [JSON.stringify(about)])
  return { pid: child.pid, end }
}

/** Starts a program that says something when it serves, and ends when it is disconnected. */
async function start(
  file: string,
  args: string[],
): Promise<{ child: ChildProcess; said: unknown; end: () => Promise<void> }> {
  const child = fork(new URL(file, import.meta.url), args)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${file} ended with code ${code} before it served`)))
  })
  const end = () => {
    if (child.connected) child.disconnect()
    return ended
  }
  return { child, said, end }
}
