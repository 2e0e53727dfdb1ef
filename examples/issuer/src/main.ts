import { parseArgs } from 'node:util'
import { KubeClient, KubeconfigError } from '@resource-broker/kube'
import { Authority } from './authority.ts'
import { runIssuer } from './issuer.ts'

const USAGE = `node examples/issuer/src/main.ts --kubeconfig FILE [--organization NAME]

Issues X.509 certificates for the Certificates (example.platform-mesh.io) of one cluster or workspace, until it is stopped.
`

const say = (text: string): void => void process.stdout.write(`${text}\n`)

try {
  const options = {
    kubeconfig: { type: 'string' },
    organization: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  const { kubeconfig, organization = 'Example CA', help } = parseArgs({ options }).values
  if (help === true) say(USAGE)
  else if (kubeconfig === undefined) fail(`--kubeconfig: is required\n\n${USAGE}`)
  else await run(kubeconfig, organization)
} catch (error) {
  const isMistake =
    error instanceof KubeconfigError || String((error as { code?: string }).code).startsWith('ERR_PARSE')
  if (!isMistake) throw error
  fail((error as Error).message)
}

async function run(kubeconfig: string, organization: string): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const client = await KubeClient.fromFile(kubeconfig)
  const authority = await Authority.create(organization)
  say(`issuing as ${organization}`)
  await runIssuer({ client, authority, say, signal: stopping.signal })
  client.close()
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 2
}
