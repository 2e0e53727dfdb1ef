import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '@resource-broker/testbed'
import { readAnswer } from '../src/kube/requests/vectors/masking.ts'

/**
 * Sends the requests of src/kube/requests/vectors/answers.json to a real kube-apiserver and writes its answers beside them. A
 * step without a status stays without an answer: there the two differ on purpose.
 */
type Step = {
  send: string
  body?: unknown
  headers?: Record<string, string>
  status?: number
  warning?: string
  answer?: unknown
}
type Answer = { status: number; warning: string | undefined; text: string }

const FILE = join(import.meta.dirname, '../src/kube/requests/vectors/answers.json')
/** Definitions take a moment until they are served, and a moment until they are gone. */
const SETTLING = 2500

const steps = JSON.parse(await readFile(FILE, 'utf8')) as Step[]
const dir = await mkdtemp(join(tmpdir(), 'sandbox-answers-'))
const plane = await startControlPlane({ name: 'answers', dir })
try {
  for (const step of steps) await record(step)
} finally {
  await plane.stop()
  await rm(dir, { recursive: true, force: true })
}
await writeFile(FILE, `[\n${steps.map((step) => JSON.stringify(step)).join(',\n')}\n]\n`)

async function record(step: Step): Promise<void> {
  const { status, warning, text } = await send(plane, step)
  if (/(POST|DELETE) .*customresourcedefinitions|POST .*namespaces$/.test(step.send)) {
    await new Promise((resolve) => setTimeout(resolve, SETTLING))
  }
  if (step.status === undefined) return
  Object.assign(step, { status, answer: readAnswer(text) })
  if (warning === undefined) delete step.warning
  else step.warning = warning
}

function send(
  { url, adminToken }: ControlPlane,
  { send: line, body, headers = {}, status: expected }: Step,
): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ')
  const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const own = { authorization: `Bearer ${adminToken}`, 'user-agent': 'kubectl/v1.34.4' }
  const type =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(bytes)) }
  const options = { method, rejectUnauthorized: false, headers: { ...own, ...type, ...headers } }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const warning = response.headers['warning']
        resolve({ status: response.statusCode ?? 0, warning, text: Buffer.concat(chunks).toString() })
      })
    })
    // Some bodies make a real kube-apiserver hang up.
    sent.on('error', (error) => (expected ? reject(error) : resolve({ status: 0, warning: undefined, text: '' })))
    sent.end(bytes)
  })
}
