import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Load, LoadAnswer, LoadRequest } from './messages.ts'
import { cpuSeconds, residentMiB, type Subject, startKubeSubject, startSandboxSubject } from './subjects.ts'

export type SandboxFigures = {
  subject: string
  /** Until the first one serves, from the start of its process; until a second one in memory does. Of sandboxes only. */
  starts: { readyMs: number; secondMs: number | undefined } | undefined
  /** One create after the other, with all watches on: what an event takes when nothing else happens. */
  alone: Load
  /** Over 32 connections, with all watches on. `cores` is what the server's processes had. */
  busy: Load & { cores: number }
  /** Resident after `objects` of 2 KB were created besides. */
  memory: { objects: number; beforeMiB: number; afterMiB: number }
}

export type SandboxBenchOptions = {
  samples: number
  burst: number
  /** Of 2 KB each, for the memory. */
  objects: number
  say: (text: string) => void
}

const CONNECTIONS = 32
const WATCHES = 200
/** One watch in each: an event goes to one watcher, as where every tenant looks at its own. */
const NAMESPACES = 200
const SMALL_BYTES = 100
const LARGE_BYTES = 2_000
const WARM_UP = 2_000

/** Measures the sandbox in memory and on disk, and a real kube-apiserver with etcd beside it, one after the other. */
export async function benchSandbox(options: SandboxBenchOptions): Promise<SandboxFigures[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-sandbox-'))
  const starts = [
    () => startSandboxSubject(),
    () => startSandboxSubject(join(dir, 'state')),
    () => startKubeSubject(dir),
  ]
  const figures: SandboxFigures[] = []
  try {
    for (const start of starts) figures.push(await measure(await start(), options))
  } finally {
    await rm(dir, { recursive: true })
  }
  return figures
}

async function measure(
  subject: Subject,
  { samples, burst, objects, say }: SandboxBenchOptions,
): Promise<SandboxFigures> {
  say(`measuring ${subject.name} ...`)
  const child = fork(new URL('./load.ts', import.meta.url))
  const create = async (count: number, connections: number, bytes: number): Promise<Load> => {
    const load = await ask(child, { do: 'create', objects: count, connections, bytes })
    if (load === undefined) throw new Error('the load process measured nothing')
    return load
  }
  try {
    await ask(child, { do: 'connect', target: subject.target, namespaces: NAMESPACES })
    await ask(child, { do: 'watch', watches: WATCHES })
    await create(WARM_UP, CONNECTIONS, SMALL_BYTES)
    const alone = await create(samples, 1, SMALL_BYTES)
    const [cpu, began] = [cpuSeconds(subject), performance.now()]
    const busy = await create(burst, CONNECTIONS, SMALL_BYTES)
    const cores = ((cpuSeconds(subject) - cpu) * 1_000) / (performance.now() - began)
    const beforeMiB = residentMiB(subject)
    await create(objects, CONNECTIONS, LARGE_BYTES)
    const memory = { objects, beforeMiB, afterMiB: residentMiB(subject) }
    return { subject: subject.name, starts: subject.starts, alone, busy: { ...busy, cores }, memory }
  } finally {
    child.disconnect()
    await subject.stop()
  }
}

function ask(child: ChildProcess, request: LoadRequest): Promise<Load | undefined> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the load process ended with code ${code}`))
    child.once('exit', onExit)
    child.once('message', (answer) => {
      child.off('exit', onExit)
      const reply = answer as LoadAnswer
      if ('failed' in reply) reject(new Error(reply.failed))
      else resolve(reply.done)
    })
    child.send(request)
  })
}
