import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringifyJson } from '@resource-broker/json'
import { ArgumentError, readArguments, type SandboxArguments, USAGE } from './arguments.ts'
import { startSandbox } from './sandbox.ts'
import { takeOrders } from './take-orders.ts'

const say = (text: string): void => void process.stdout.write(text)

try {
  const args = readArguments(process.argv.slice(2))
  if (args === undefined) say(USAGE)
  else await run(args)
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = error instanceof ArgumentError ? 2 : 1
}

async function run({ dir, interactive, ...args }: SandboxArguments): Promise<void> {
  const stopped = signalled()
  const sandbox = await startSandbox({ ...args, ...(dir !== undefined && { dir }) })
  // What is kept in memory has a kubeconfig that goes with it.
  const scratch = dir === undefined ? await mkdtemp(join(tmpdir(), 'sandbox-')) : undefined
  const kubeconfig = await sandbox.writeKubeconfig(scratch ?? dir ?? '')
  say(greeting(sandbox.url, kubeconfig))
  const orders = interactive ? takeOrders(sandbox.shards, process.stdin, say) : undefined
  await stopped
  orders?.close()
  await sandbox.close()
  if (scratch !== undefined) await rm(scratch, { recursive: true })
}

/** Resolves at the first signal; a second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}

function greeting(url: string, kubeconfig: string): string {
  const workspace = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'demo' },
    spec: { type: { name: 'universal', path: 'root' } },
  }
  return `Ready after ${(process.uptime()).toFixed(1)} s at ${url}
Three commands to try:

  export KUBECONFIG=${kubeconfig}
  echo '${stringifyJson(workspace)}' | kubectl create -f -
  kubectl --server=${url}/clusters/root:demo create configmap hello --from-literal=greeting=hi

`
}

function explain(error: unknown): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (error instanceof ArgumentError) return message
  if (code === 'EADDRINUSE') return `${message}: choose another with --port`
  if (syscall === 'getaddrinfo') return `--host: ${message}`
  return code !== undefined && syscall !== undefined ? message : ((error as Error).stack ?? String(error))
}
