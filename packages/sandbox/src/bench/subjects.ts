import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startControlPlane } from '@resource-broker/testbed'
import type { ServerReport, Target } from './messages.ts'

/** A server under load. */
export type Subject = {
  name: string
  target: Target
  /** Of all its processes. */
  pids: readonly number[]
  /** From the start of the process until it serves, and of a second one in the same process; of sandboxes only. */
  starts?: { readyMs: number; secondMs: number | undefined }
  stop: () => Promise<void>
}

const KIB = 1_024
/** Of /proc/<pid>/stat; the same on all Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export async function startSandboxSubject(dir?: string): Promise<Subject> {
  const child = fork(new URL('./server.ts', import.meta.url), dir === undefined ? [] : [dir])
  const report = await new Promise<ServerReport>((resolve, reject) => {
    child.once('message', (message) => resolve(message as ServerReport))
    child.once('exit', (code) => reject(new Error(`the sandbox ended with code ${code} before it served`)))
  })
  return {
    name: dir === undefined ? 'sandbox, in memory' : 'sandbox, on disk',
    target: report.target,
    pids: [child.pid ?? 0],
    starts: { readyMs: report.readyMs, secondMs: report.secondStartMs },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.disconnect()
      }),
  }
}

/** A real kube-apiserver with etcd, below `dir`. */
export async function startKubeSubject(dir: string): Promise<Subject> {
  const controlPlane = await startControlPlane({ name: 'yardstick', dir })
  const { url, caFile, adminToken: token, apiServer, etcd } = controlPlane
  return {
    name: 'kube-apiserver and etcd',
    target: { url, ca: await readFile(join(caFile), 'utf8'), token, prefix: '' },
    pids: [apiServer.pid ?? 0, etcd.pid ?? 0],
    stop: () => controlPlane.stop(),
  }
}

/** Seconds of CPU that the processes of `subject` had so far. */
export function cpuSeconds({ pids }: Subject): number {
  const ticks = pids.map((pid) => {
    // Fields 14 and 15, user and system; the name before them may contain anything but ends with the last parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Resident memory of the processes of `subject`. */
export function residentMiB({ pids }: Subject): number {
  const kib = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]))
  return kib.reduce((sum, each) => sum + each, 0) / KIB
}
