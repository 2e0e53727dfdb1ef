import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Endpoint, KubeconfigError, readKubeconfig } from '@resource-broker/kube'
import { exportedUrl } from './exported-url.ts'
import { serveView, type View } from './view.ts'

const USAGE = `node examples/kro-kcp/src/main.ts --kubeconfig FILE --export NAME --consumer CLUSTER -- COMMAND...

Runs COMMAND, kro, with a KUBECONFIG in which it finds one consumer's objects behind an APIExport, and its own definitions and CRDs
in the workspace of the provider. Ends when COMMAND ends, with its exit code.

  --kubeconfig FILE    leads to the provider's workspace; its user has a token, with which kro asks
  --export NAME        the APIExport of that workspace, which has an APIExportEndpointSlice of the same name
  --consumer CLUSTER   name of the consumer's logical cluster
`

class ArgumentError extends Error {}

try {
  process.exitCode = await run()
} catch (error) {
  const isMistake = error instanceof ArgumentError || String((error as { code?: string }).code).startsWith('ERR_PARSE')
  if (!isMistake && !(error instanceof KubeconfigError)) throw error
  process.stderr.write(`${(error as Error).message}\n${isMistake ? `\n${USAGE}` : ''}`)
  process.exitCode = 2
}

async function run(): Promise<number> {
  const options = { kubeconfig: { type: 'string' }, export: { type: 'string' }, consumer: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const { kubeconfig, export: name, consumer } = values
  const [command, ...args] = positionals
  if (kubeconfig === undefined || name === undefined || consumer === undefined || command === undefined)
    throw new ArgumentError('--kubeconfig, --export, --consumer and a command are wanted')
  const home = await readKubeconfig(kubeconfig)
  const token = await tokenOf(home)
  const exported = await exportedUrl(home, name, consumer)
  const view = await serveView({ provider: home.server, exported, ca: home.ca })
  const scratch = await mkdtemp(join(tmpdir(), 'kro-kcp-'))
  const file = join(scratch, 'kubeconfig')
  await writeFile(file, kubeconfigFor(view, token), { mode: 0o600 })
  process.stdout.write(`${command} sees ${exported} together with ${home.server}\n`)
  try {
    return await commandWith(file, command, args)
  } finally {
    view.close()
    await rm(scratch, { recursive: true })
  }
}

async function tokenOf({ credentials }: Endpoint): Promise<string> {
  const { authorization } = (await credentials.current()).headers
  const token = /^Bearer (.+)/.exec(String(authorization))?.[1]
  if (token === undefined) throw new ArgumentError('--kubeconfig: its user needs a token')
  return token
}

function kubeconfigFor({ url, ca }: View, token: string): string {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'view',
    contexts: [{ name: 'view', context: { cluster: 'view', user: 'view' } }],
    clusters: [{ name: 'view', cluster }],
    users: [{ name: 'view', user: { token } }],
  })
}

async function commandWith(file: string, command: string, args: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: file } })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
