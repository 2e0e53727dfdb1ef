import { waitFor } from '@resource-broker/testbed'
import type { Case, CaseFile, PathPart, Step } from './cases.ts'
import { type Comparable, Masking } from './masking.ts'
import { type Answer, sendStep, type Target } from './requests.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Creates what the cases of a file need, and waits until it is served. */
export async function prepare(target: Target, { crds }: CaseFile): Promise<void> {
  for (const crd of crds) {
    const { status, body } = await send(target, { send: `POST ${CRDS}`, body: crd })
    if (status !== 201) throw new Error(`${target.name}: ${crd.metadata.name}: ${status} ${body}`)
  }
  for (const { metadata } of crds) {
    await waitFor(`${metadata.name} is served by ${target.name}`, async () => {
      const { body } = await send(target, { send: `GET ${CRDS}/${metadata.name}` })
      return JSON.parse(body).status?.conditions?.some(
        ({ type, status }: { type: string; status: string }) => type === 'Established' && status === 'True',
      )
    })
  }
}

/** Runs the steps one after the other, in a namespace of their own; answers what is to be compared. */
export async function runCase(target: Target, { namespace, variables, steps }: Case): Promise<Comparable[]> {
  const known = new Map(Object.entries(variables))
  if (namespace !== '') known.set('ns', await createNamespace(target, namespace))
  const masking = new Masking()
  known.set('hooks', target.webhooks.url).set('ca', target.webhooks.caBundle)
  masking.capture('hooks', target.webhooks.url)
  masking.capture('ca', target.webhooks.caBundle)
  const answers: Comparable[] = []
  for (const step of steps) {
    const answer = await answerTo(target, step, (text) => fill(text, known))
    for (const [name, path] of Object.entries(step.capture ?? {})) {
      const value = String(at(JSON.parse(answer.body), path))
      known.set(name, value)
      masking.capture(name, value)
    }
    const comparable = masking.apply(answer, step.events !== undefined)
    const asked = target.webhooks.take(known.get('ns') ?? '')
    if (step.reviews) comparable.reviews = masking.value(asked)
    answers.push(reduced(comparable, step))
  }
  return answers
}

/** Another one for a case that is tried again; answers its name. */
async function createNamespace(target: Target, wanted: string, attempt = 0): Promise<string> {
  const name = attempt === 0 ? wanted : `${wanted}-${attempt}`
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  const { status } = await send(target, { send: 'POST /api/v1/namespaces', body })
  if (status === 409) return createNamespace(target, wanted, attempt + 1)
  if (status !== 201) throw new Error(`${target.name}: namespace ${name}: ${status}`)
  // A controller puts it there, sooner or later.
  await waitFor(`${target.name}: ${name} has its CA`, async () => {
    const answer = await send(target, { send: `GET /api/v1/namespaces/${name}/configmaps/kube-root-ca.crt` })
    return answer.status === 200 || undefined
  })
  return name
}

/** What the real server must answer with: a case that is wrong itself must not pass because both servers refuse it. */
export function wantedStatus({ status, send }: Step): number {
  return status ?? (send.startsWith('POST ') ? 201 : 200)
}

async function answerTo(target: Target, step: Step, filled: (text: string) => string): Promise<Answer> {
  const { until } = step
  let answer = await sendStep(target, step, filled)
  if (until === undefined) return answer
  await waitFor(`${target.name}: ${step.send} answers ${wantedStatus(step)}`, async () => {
    const isThere = !Array.isArray(until) || at(JSON.parse(answer.body), until) !== undefined
    if (answer.status === wantedStatus(step) && isThere) return true
    answer = await sendStep(target, step, filled)
    return false
  }).catch(() => undefined)
  return answer
}

function send(target: Target, step: Step): Promise<Answer> {
  return sendStep(target, step, (text) => text)
}

/** Names that are not known stay: JSON and paths may have braces. */
function fill(text: string, known: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = known.get(name)
    return value === undefined ? whole : fill(value, known)
  })
}

function at(value: unknown, path: readonly PathPart[]): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof inner !== 'object' || inner === null) return undefined
    if (typeof part !== 'object') return (inner as Record<string, unknown>)[part]
    const wanted = Object.entries(part)
    return (inner as Record<string, unknown>[]).find((each) => wanted.every(([key, text]) => each[key] === text))
  }, value)
}

function reduced(answer: Comparable, { select, mask = [] }: Step): Comparable {
  const result = select === undefined ? answer : { ...answer, body: at(answer.body, select) }
  for (const path of mask) remove(result, partsOf(path))
  return result
}

/** The keys of a dotted path; a dot within a key stands behind a backslash. */
export function partsOf(path: string): string[] {
  return path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

/** Takes away what stands at `path`, or only what it ends in; `*` stands for any key. */
export function remove(value: unknown, [first, ...rest]: readonly string[], end?: string): void {
  if (typeof value !== 'object' || value === null || first === undefined) return
  const holder = value as Record<string, unknown>
  for (const key of first === '*' ? Object.keys(holder) : [first]) {
    const found = holder[key]
    if (rest.length > 0) remove(found, rest, end)
    else if (end === undefined) delete holder[key]
    else if (typeof found === 'string' && found.endsWith(end)) holder[key] = found.slice(0, -end.length)
  }
}
