import { parseArgs } from 'node:util'
import { KubeClient, KubeconfigError } from '@resource-broker/kube'
import { runJobs } from './job-runner.ts'

const USAGE = `node examples/job-runner/src/main.ts --kubeconfig FILE [--env NAME=VALUE ...]

Runs the Jobs of a cluster that has no nodes as processes of this machine, until it is stopped. With --env the containers have
these variables besides their own.
`

const say = (text: string): void => void process.stdout.write(`${text}\n`)

try {
  const options = {
    kubeconfig: { type: 'string' },
    env: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  if (values.help === true) say(USAGE)
  else if (values.kubeconfig === undefined) fail(`--kubeconfig: is required\n\n${USAGE}`)
  else await run(values.kubeconfig, values.env ?? [])
} catch (error) {
  const isMistake =
    error instanceof KubeconfigError || String((error as { code?: string }).code).startsWith('ERR_PARSE')
  if (!isMistake) throw error
  fail((error as Error).message)
}

async function run(kubeconfig: string, variables: readonly string[]): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const environment = Object.fromEntries(variables.map((text) => [text.split('=', 1)[0], text.replace(/^[^=]*=/, '')]))
  const client = await KubeClient.fromFile(kubeconfig)
  say('running Jobs')
  await runJobs({ client, environment, say, signal: stopping.signal })
  client.close()
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 2
}
