import { parseArgs } from 'node:util'
import { isNotFound, KubeClient, KubeconfigError, readKubeconfig } from '@resource-broker/kube'
import { Authority } from './authority.ts'
import { runIssuer } from './issuer.ts'

const USAGE = `node examples/issuer/src/main.ts --kubeconfig FILE [--endpoint-slice NAME] [--organization NAME]

Issues X.509 certificates for Certificates (example.platform-mesh.io), until it is stopped: for those of one cluster or workspace;
with --endpoint-slice for those of every workspace that is bound to an APIExport of the workspace that FILE leads to. NAME is that
of an APIExportEndpointSlice there, by default named as the export.
`

const SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices' }

const say = (text: string): void => void process.stdout.write(`${text}\n`)

try {
  const options = {
    kubeconfig: { type: 'string' },
    'endpoint-slice': { type: 'string' },
    organization: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  const { kubeconfig, 'endpoint-slice': slice, organization = 'Example CA', help } = values
  if (help === true) say(USAGE)
  else if (kubeconfig === undefined) fail(`--kubeconfig: is required\n\n${USAGE}`)
  else await run(kubeconfig, slice, organization)
} catch (error) {
  const isMistake =
    error instanceof KubeconfigError || String((error as { code?: string }).code).startsWith('ERR_PARSE')
  if (!isMistake) throw error
  fail((error as Error).message)
}

async function run(kubeconfig: string, slice: string | undefined, organization: string): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const home = await readKubeconfig(kubeconfig)
  const authority = await Authority.create(organization)
  say(`issuing as ${organization}`)
  const client = new KubeClient(home)
  if (slice !== undefined) await missSlice(client, slice)
  const served = slice === undefined ? { client } : { home, slice }
  await runIssuer({ served, authority, say, signal: stopping.signal })
  client.close()
}

/** It may come later; a wrong name would be waited for in silence. */
async function missSlice(client: KubeClient, name: string): Promise<void> {
  try {
    await client.get({ ...SLICES, name })
  } catch (error) {
    // Of anything else the watch tells, again and again.
    if (isNotFound(error)) say(`there is no APIExportEndpointSlice "${name}" yet; waiting for it`)
  }
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 2
}
