import { parseArgs } from 'node:util'
import { KubeClient, KubeconfigError } from '@resource-broker/kube'
import { startPostgres } from '@resource-broker/testbed'
import { runOperator } from './operator.ts'

const USAGE = `node examples/postgres/src/main.ts --kubeconfig FILE

Starts a PostgreSQL server on this machine and makes a database in it for each Postgres (example.platform-mesh.io) of the cluster,
until it is stopped; then the server goes with all that it held.
`

const say = (text: string): void => void process.stdout.write(`${text}\n`)

try {
  const options = { kubeconfig: { type: 'string' }, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ options })
  if (values.help === true) say(USAGE)
  else if (values.kubeconfig === undefined) fail(`--kubeconfig: is required\n\n${USAGE}`)
  else await run(values.kubeconfig)
} catch (error) {
  const isMistake =
    error instanceof KubeconfigError || String((error as { code?: string }).code).startsWith('ERR_PARSE')
  if (!isMistake) throw error
  fail((error as Error).message)
}

async function run(kubeconfig: string): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const client = await KubeClient.fromFile(kubeconfig)
  const server = await startPostgres({ report: say })
  say(`serving Postgres from ${await server.query('SHOW server_version')} on port ${server.port}`)
  await runOperator({ client, server, say, signal: stopping.signal })
  client.close()
  await server.stop()
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 2
}
