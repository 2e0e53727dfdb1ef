/**
 * Records what a real kube-apiserver makes of patch-cases.yaml and apply-cases.yaml: `node scripts/record-patches.ts`. Writes
 * src/kube/patch/vectors/.
 */
import { type Any, apiVersionOf, cases, masked, pathOf, Recorder, write } from './recording.ts'

const CONTENT_TYPES: Record<string, string> = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}
/** Longer than what times in managedFields can tell apart. */
const STEP_MS = 1_100

async function recordPatches(groups: Any[]): Promise<Any[]> {
  const vectors: Any[] = []
  for (const { type, kind, object, patches } of groups) {
    for (const patch of patches) {
      const name = `patched-${vectors.length}`
      const path = pathOf(kind)
      const body = { apiVersion: apiVersionOf(kind), kind, ...object, metadata: { name, ...object.metadata } }
      const before = await recorder.make('POST', `${path}?fieldManager=creator`, body)
      const query = 'fieldManager=patcher'
      const headers = { 'content-type': CONTENT_TYPES[type]! }
      const answer = await recorder.send('PATCH', `${path}/${name}?${query}`, patch, headers)
      vectors.push({
        name: `${vectors.length} ${type} ${kind}: ${JSON.stringify(patch)}`,
        ...{ type, kind, before: masked(before), patch, answer: masked(answer) },
      })
    }
  }
  return vectors
}

/** All go on step by step together, so that their times differ without a wait for each. */
async function recordSequences(sequences: Any[]): Promise<Any[]> {
  const runs = sequences.map(({ name, kind, steps }, index) => new Sequence(name, kind, steps, `sequence-${index}`))
  const longest = Math.max(...runs.map(({ steps }) => steps.length))
  for (let step = 0; step < longest; step++) {
    for (const run of runs) await run.step(step)
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
  return runs.map(({ name, kind, recorded }) => ({ name, kind, steps: recorded }))
}

class Sequence {
  readonly name: string
  readonly kind: string
  readonly steps: Any[]
  readonly recorded: Any[] = []
  readonly #object: string
  readonly #times = new Map<string, number>()
  #revision: string | undefined

  constructor(name: string, kind: string, steps: Any[], object: string) {
    this.name = name
    this.kind = kind
    this.steps = steps
    this.#object = object
  }

  async step(index: number): Promise<void> {
    if (index >= this.steps.length) return
    const { as, at = '', force = false, version, ...action } = this.steps[index]
    const [[what, given]] = Object.entries<Any>(action) as [[string, Any]]
    const kindVersion = apiVersionOf(this.kind)
    const apiVersion = version === undefined ? kindVersion : kindVersion.replace(/[^/]+$/, version)
    const body = this.#bodyOf(what, given, apiVersion)
    const answer = await recorder.send(...this.#request(what, apiVersion, { as, at, force }), body, {
      'content-type': CONTENT_TYPES[what] ?? 'application/json',
    })
    if (answer.kind !== 'Status') this.#revision = answer.metadata.resourceVersion
    this.recorded.push({ what, as, at, force, apiVersion, body, answer: this.#withSteps(masked(answer), index) })
  }

  #request(what: string, apiVersion: string, { as, at, force }: Any): [string, string] {
    const path = pathOf(this.kind, apiVersion)
    const query = new URLSearchParams({ ...(as && { fieldManager: as }), ...(force && { force: 'true' }) })
    if (what === 'create') return ['POST', `${path}?${query}`]
    const target = `${path}/${this.#object}${at === '' ? '' : `/${at}`}?${query}`
    return [what === 'update' ? 'PUT' : 'PATCH', target]
  }

  #bodyOf(what: string, given: Any, apiVersion: string): Any {
    const text = JSON.stringify(given).replaceAll('NAME', this.#object)
    const body = JSON.parse(text)
    if (what !== 'create' && what !== 'update' && what !== 'apply') return body
    const { metadata, ...rest } = body
    const revision = what === 'update' ? { resourceVersion: this.#revision } : {}
    return { apiVersion, kind: this.kind, ...rest, metadata: { name: this.#object, ...revision, ...metadata } }
  }

  /** Times as the number of the step that they came with. */
  #withSteps(answer: Any, index: number): Any {
    const managedFields = answer.metadata?.managedFields?.map((entry: Any) => {
      if (entry.time === undefined) return entry
      if (!this.#times.has(entry.time)) this.#times.set(entry.time, index)
      return { ...entry, time: entry.time.startsWith('2020') ? entry.time : this.#times.get(entry.time) }
    })
    return managedFields === undefined ? answer : { ...answer, metadata: { ...answer.metadata, managedFields } }
  }
}

const recorder = await Recorder.start()
try {
  const { definitions, patches } = await cases('patch-cases.yaml')
  await recorder.define(definitions)
  await write('../src/kube/patch/vectors/definitions.json', definitions)
  await write('../src/kube/patch/vectors/patches.json', await recordPatches(patches))
  await write('../src/kube/patch/vectors/sequences.json', await recordSequences(await cases('apply-cases.yaml')))
} finally {
  await recorder.stop()
}
process.exit()
